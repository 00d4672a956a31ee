"""Values of an ISO 19139 record: texts in its languages, codes, responsible parties."""

from __future__ import annotations

from lxml import etree

from harvesters import safexml
from harvesters.safexml import find, find_all, href

_ROLE = "http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole/"
_TWO_LETTERS = {"ger": "de", "deu": "de", "eng": "en", "german": "de", "english": "en"}


def value(node: etree._Element | None, path: str = ".") -> str:
    """The text of the property at ``path``, without its translations."""
    for item in find_all(node, path):
        for child in item:
            if safexml.local(child) == "PT_FreeText":
                continue
            if found := safexml.text(child):
                return found
    return ""


def values(node: etree._Element | None, path: str) -> list[str]:
    """The text of each property at ``path``, or the address of its anchor if it has no text."""
    found = (value(item) or href(item, "Anchor") for item in find_all(node, path))
    return [text for text in found if text]


def code(node: etree._Element | None, path: str) -> str:
    """A code of a code list: its value, else its text."""
    for item in find_all(node, path):
        if found := item.get("codeListValue", "").strip() or safexml.text(item):
            return found
    return ""


def short_language(word: str) -> str:
    """``de`` from ``ger``, ``deu``, ``German``; other words come back in lower case."""
    word = word.strip().lower().rsplit("/", 1)[-1]
    return _TWO_LETTERS.get(word, word)


class Languages:
    """Which language the texts of a record are in, and where their translations are."""

    def __init__(self, record: etree._Element) -> None:
        own = code(record, "language/LanguageCode") or value(record, "language")
        self._own = short_language(own)
        self._locales: dict[str, str] = {}
        for locale in find_all(record, "locale/PT_Locale"):
            word = code(locale, "languageCode/LanguageCode")
            self._locales[locale.get("id", "")] = short_language(word)

    def both(self, node: etree._Element | None, path: str) -> tuple[str, str]:
        """The German text (else the record's own) and the English one (else nothing)."""
        own = value(node, path)
        translated = self._translations(node, path)
        english = own if self._own == "en" else translated.get("en", "")
        return (translated.get("de") if self._own != "de" else "") or own or english, english

    def _translations(self, node: etree._Element | None, path: str) -> dict[str, str]:
        out: dict[str, str] = {}
        for item in find_all(node, f"{path}/PT_FreeText/textGroup/LocalisedCharacterString"):
            locale = item.get("locale", "").lstrip("#")
            language = self._locales.get(locale) or short_language(locale.split("-")[-1])
            if text := safexml.text(item):
                out.setdefault(language, text)
        return out


def parties(nodes: list[etree._Element]) -> list[tuple[str, dict[str, str]]]:
    """Role and agent of each ``CI_ResponsibleParty`` below ``nodes``."""
    out = []
    for node in nodes:
        for party in find_all(node, "CI_ResponsibleParty"):
            if agent := _party(party):
                out.append((code(party, "role/CI_RoleCode"), agent))
    return out


def _party(node: etree._Element) -> dict[str, str]:
    contact = find(node, "contactInfo/CI_Contact")
    address = find(contact, "address/CI_Address")
    organisation, person = value(node, "organisationName"), value(node, "individualName")
    place = " ".join(filter(None, (value(address, "postalCode"), value(address, "city"))))
    agent = {
        "name": organisation or person or value(node, "positionName"),
        "uri": href(node, "organisationName/Anchor"),
        "email": value(address, "electronicMailAddress"),
        "url": safexml.text(contact, "onlineResource/CI_OnlineResource/linkage/URL"),
        "telephone": value(contact, "phone/CI_Telephone/voice"),
        "address": ", ".join(filter(None, (*values(address, "deliveryPoint"), place))),
    }
    return {key: text for key, text in agent.items() if text}


def agents(found: list[tuple[str, dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The fields for bodies, by role; roles without a field of their own are attributions."""
    fields: dict[str, list[dict[str, str]]] = {}
    for role, agent in found:
        field = _FIELDS.get(role)
        if field:
            fields.setdefault(field, []).append(agent)
        else:
            named = {"name": agent.get("name", ""), "uri": agent.get("uri", "")}
            if role and named["name"]:
                fields.setdefault("attribution", []).append({**named, "role": _ROLE + role})
    if "publisher" not in fields:
        ranked = [agent for role in _STAND_IN for said, agent in found if said == role]
        fields["publisher"] = [agent for agent in ranked if "name" in agent][:1]
    return fields


_FIELDS = {
    "publisher": "publisher", "pointOfContact": "contact", "author": "creator",
    "originator": "originator", "custodian": "custodian",
}  # fmt: skip
# Who publishes when nobody is said to.
_STAND_IN = ("owner", "resourceProvider", "custodian", "pointOfContact", "distributor", "")
