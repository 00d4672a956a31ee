"""A sharing system in German words."""

from __future__ import annotations

from typing import Any

from harvesters.dates import iso_date
from harvesters.sources.gbfs.files import text
from harvesters.sources.gbfs.system import System

_FORMS = {
    "bicycle": "Fahrrad", "cargo_bicycle": "Lastenrad", "car": "Auto", "moped": "Motorroller",
    "scooter": "E-Scooter", "scooter_standing": "E-Scooter",
    "scooter_seated": "E-Scooter mit Sitz",
}  # fmt: skip
_MORE = {"Fahrrad": "Leihfahrrad", "Lastenrad": "Leihfahrrad", "Auto": "Carsharing"}
_FILES = {
    "gbfs": "Einstiegsdatei", "gbfs_versions": "Versionen", "manifest": "Verzeichnis der Systeme",
    "system_information": "Angaben zum System", "station_information": "Stationen",
    "station_status": "Verfügbarkeit an den Stationen", "vehicle_types": "Fahrzeugarten",
    "free_bike_status": "Verfügbare Fahrzeuge", "vehicle_status": "Verfügbare Fahrzeuge",
    "vehicle_availability": "Buchbare Zeiten", "system_hours": "Betriebszeiten",
    "system_calendar": "Betriebstage", "system_regions": "Gebiete",
    "system_pricing_plans": "Tarife", "system_alerts": "Störungen",
    "geofencing_zones": "Zonen und ihre Regeln",
}  # fmt: skip


def forms(system: System) -> list[str]:
    """The kinds of vehicles."""
    found = set()
    for kind in system.vehicle_types:
        form = _FORMS.get(str(kind.get("form_factor")), "")
        if form == "Fahrrad" and kind.get("propulsion_type") in ("electric_assist", "electric"):
            form = "Pedelec"
        found.add(form)
    if not system.vehicle_types and system.version.startswith("1"):
        found.add("Fahrrad")  # GBFS 1 knows nothing else
    return sorted(found - {""})


def keywords(system: System) -> list[str]:
    """The kinds of vehicles, in the words that people look for."""
    found = forms(system)
    more = [_MORE[form] for form in found if form in _MORE]
    more += ["Fahrrad", "Leihfahrrad"] if "Pedelec" in found else []
    return list(dict.fromkeys([*found, *more, "Sharing", "Mobilität", "GBFS"]))


def file_name(name: str) -> str:
    """What a file of the system is about."""
    label = _FILES.get(name)
    return f"{label} ({name})" if label else name


def description(system: System) -> str:
    """What the system is; numbers that change all the time are left out."""
    info: dict[str, Any] = system.info
    started = iso_date(text(info.get("start_date")))
    points = {
        "Betreiber": text(info.get("operator")),
        "Fahrzeuge": ", ".join(forms(system)),
        "Stationen": _about(len(system.stations)),
        "In Betrieb seit": ".".join(str(int(part)) for part in reversed(started[:10].split("-")))
        if started
        else "",
        "Betriebszeiten": text(info.get("opening_hours")),
        "Zeitzone": text(info.get("timezone")),
    }
    head = (
        f"Leihfahrzeuge (Sharing) im offenen Format GBFS {system.version}: Angaben zum System, "
        "Fahrzeuge und, wo es sie gibt, Stationen. Was gerade verfügbar ist, steht laufend "
        "erneuert in den Dateien."
    )
    lines = [f"- {label}: {value}" for label, value in points.items() if value]
    return "\n".join([head, "", *lines]).strip()


def _about(count: int) -> str:
    """A number that stays the same when a station comes or goes."""
    if count < 20:
        return str(count or "")
    step = 10 ** (len(str(count)) - 2)
    return f"rund {round(count / step) * step:,}".replace(",", ".")
