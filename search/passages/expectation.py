"""What a question wants to know: a number, a time, somebody. A weak hint for the sentence."""

from __future__ import annotations

import re

_NUMBER_ASKED = re.compile(
    r"\bwie ?viele?n?\b|\bwie (?:hoch|groß|lang|weit|oft|alt|teuer|schwer|stark)\b|"
    r"\bwas kostet\b|\bhow (?:many|much|long|high|old|far|often|large|tall)\b|\bwhat percentage\b|"
    r"\bwelche[rnsm]? (?:anzahl|zahl|höhe|betrag|prozent\w*)\b",
    re.IGNORECASE,
)
_TIME_ASKED = re.compile(
    r"\b(?:wann|when)\b|\b(?:welche[rnsm]?|what) (?:jahr\w*|tag\w*|datum|monat\w*|uhrzeit|"
    r"year|date|day|month|century|time)\b|\b(?:seit|bis) wann\b",
    re.IGNORECASE,
)
_SOMEBODY_ASKED = re.compile(r"^\W*(?:wer|wen|wem|wessen|who|whom|whose)\b", re.IGNORECASE)

#: Not "§ 7", "Abs. 2", "Nr. 3", "TOP 4": they say where something stands.
_NUMBER = re.compile(
    r"(?<!\d)(?<!§ )(?<!§§ )(?<!abs\. )(?<!nr\. )(?<!art\. )(?<!top )\d|"
    r"\b(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|hundert|tausend|"
    r"million\w*|milliarden?|prozent|hälfte|drittel|viertel|two|three|four|five|six|seven|eight|"
    r"nine|ten|twelve|half|percent|hundred|thousand)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:1\d{3}|20\d\d)\b|\b\d{1,2}[.:]\d\d\b|\bjahrhundert|\bcentury\b|\buhr\b|"
    r"\b(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|"
    r"january|february|march|may|june|july|october|december|"
    r"montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?)\b",
    re.IGNORECASE,
)
#: Two words in capitals behind each other, not at the beginning of the sentence.
_SOMEBODY = re.compile(r"(?<=\s)[A-ZÄÖÜ][a-zäöüß]+ [A-ZÄÖÜ][a-zäöüß]+")

_ENGLISH = re.compile(
    r"\b(?:the|of|what|which|who|how|where|when|why|is|are|was|were|does|did|and|for|from|to)\b",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"\b(?:der|die|das|den|dem|des|ein|eine|einen|wer|wie|wo|wann|warum|welche[rnsm]?|ist|sind|"
    r"wird|werden|wurde|hat|haben|und|für|von|im|zu|mit|ich|man)\b",
    re.IGNORECASE,
)


def is_met(question: str, sentence: str) -> bool:
    """Tell whether a sentence has the kind of thing that the question wants to know, if any."""
    if _NUMBER_ASKED.search(question):
        return bool(_NUMBER.search(sentence))
    if _TIME_ASKED.search(question):
        return bool(_TIME.search(sentence))
    if _SOMEBODY_ASKED.search(question):
        return bool(_SOMEBODY.search(sentence))
    return False


def is_english(question: str) -> bool:
    """Tell whether a question is more likely English than German."""
    return len(_ENGLISH.findall(question)) > len(_GERMAN.findall(question))
