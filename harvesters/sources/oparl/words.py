"""German words: kinds of papers, states of meetings, what files are for, short descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvesters.sources.oparl.values import german_day

# By the source's own word for the kind, the first that fits; a paper of which nothing is known is
# a paper. Protocols come first: "Beschlussprotokoll"; then what is only proposed or asked:
# "Satzungsantrag", "Berichtsvorlage".
_KINDS = (
    ("protocol", r"niederschrift|protokoll"),
    ("paper", r"vorlage|antrag|anfrage|beantwortung|antwort|stellungnahme|vorschlag|petition"),
    ("invitation", r"einladung|tagesordnung"),
    ("statute", r"satzung|verordnung|geschäftsordnung|hauptordnung"),
    ("guideline", r"richtlinie|leitlinie|leitfaden"),
    ("news", r"presse"),
    ("notice", r"bekanntmachung|bekanntgabe|amtsblatt"),
    ("form", r"formular|vordruck"),
    ("report", r"bericht|gutachten"),
    ("resolution", r"beschlu(?:ss|ß)|resolution|entschlie(?:ß|ss)ung"),
)
_KIND = [(kind, re.compile(words, re.IGNORECASE)) for kind, words in _KINDS]

_STATES = (
    ("cancelled", r"abgesagt|absage|entf[aä]ll|ausgefallen|storniert|cancel"),
    ("postponed", r"verschoben|verlegt|vertagt|postpone"),
    ("held", r"durchgeführt|stattgefunden|beendet|abgeschlossen|geschlossen|held"),
    (
        "scheduled",
        r"terminiert|geplant|eingeladen|einladung|vorläufig|angesetzt|bestätigt|schedule",
    ),
)
_STATE = [(state, re.compile(words, re.IGNORECASE)) for state, words in _STATES]

#: What a file is, by the field that it stands in; nothing where its name has to do.
FILE_ROLES = {
    "mainFile": "Hauptdokument",
    "auxiliaryFile": "Anlage",
    "invitation": "Einladung",
    "resultsProtocol": "Ergebnisprotokoll",
    "verbatimProtocol": "Wortprotokoll",
    "agendaFile": "Anlage zur Tagesordnung",
    "resolutionFile": "Beschluss",
}


def document_kind(paper_type: str) -> str:
    """The portal's kind for the source's word: ``Beschlussvorlage`` is a paper."""
    return next((kind for kind, words in _KIND if words.search(paper_type)), "paper")


def event_status(state: str, *, cancelled: bool, has_protocol: bool) -> str:
    """The portal's status of a meeting; nothing where the source does not say."""
    if cancelled:
        return "cancelled"
    found = next((name for name, words in _STATE if words.search(state)), "")
    return found or ("held" if has_protocol else "")


def about_paper(
    paper_type: str,
    reference: str,
    day: str,
    authors: Iterable[str],
    departments: Iterable[str],
    bodies: Iterable[str],
    outcome: str,
) -> str:
    """One paragraph that says what a paper is, since OParl has no descriptions."""
    head = " ".join(filter(None, [paper_type or "Drucksache", reference]))
    parts = [f"{head} vom {german_day(day)}" if day else head]
    for label, names in (
        ("Eingebracht von", authors),
        ("Federführend", departments),
        ("Beraten in", bodies),
    ):
        if listed := ", ".join(names):
            parts.append(f"{label}: {listed}")
    if outcome:
        parts.append(f"Ergebnis: {outcome}")
    return "\n".join(f"{part.rstrip('.')}." for part in parts)


def about_meeting(bodies: Iterable[str], day: str, place: str, items: int) -> str:
    """One paragraph that says what a meeting is."""
    parts = [f"Sitzung am {german_day(day)}" if day else "Sitzung"]
    if listed := ", ".join(bodies):
        parts.append(f"Gremium: {listed}")
    if place:
        parts.append(f"Ort: {place}")
    if items:
        parts.append(f"Tagesordnung: {items} {'Punkt' if items == 1 else 'Punkte'}")
    return "\n".join(f"{part.rstrip('.')}." for part in parts)
