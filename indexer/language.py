"""Which language a text is in: by the small words that every sentence of a language has.

Offline and quick, for the languages in which papers of German municipalities are written. Other
scripts are told by their letters.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

_WORDS = {
    "de": """
        der die das und ist nicht ein eine einer eines einem einen den dem des mit von zu zum
        zur auf für im in an am als auch es sich werden wird wurde sind bei nach aus über oder
        wie noch nur hat haben ich sie wir er dass daß kann durch vor war unter bis soll vom was
        wenn man aber gegen seine ihre seinen mir mich dir dich ihm ihn ihnen uns du mein meine
        dein deine sein hier da dann so sehr mehr noch schon immer alle alles etwas nichts kein
        keine keinen habe hatte hatten waren werde würde wurden können müssen muss soll sollen
        mal doch ab je gem beim ins zwischen durch ohne jahr stadt
    """,
    "en": """
        the of and to in is that for it on with as was are be by this which or from at an have
        has not you he his they their were will would can been there its but all i we she when
        what who more if me my him her your our us them some any do did does how up out no very
        had could should must just than then about into over after before only other also may
    """,
    "fr": """
        le la les de des du et en un une est que qui dans pour pas sur au aux avec ce cette se
        il elle sont par plus ne nous vous ou son sa ses mais été être a ont leur je comme qu
    """,
    "nl": """
        de het een en van is dat in op te voor met zijn niet aan er om ook als bij door naar uit
        maar wordt worden heeft hebben deze dit wij zij hij ze nog was tot over kan je ik u onze
    """,
    "it": """
        il lo la gli le di che e è un una per non in con si da del della dei delle nel nella
        sono ha al alla come più anche o ma questo questa i su dal dalla suo loro essere
    """,
    "es": """
        el la los las de que y en un una es por con no para se del al lo su sus como más o pero
        sobre este esta son ha fue entre ser si ya porque cuando muy también hay
    """,
    "pl": """
        i w na z do nie się że jest to o za od po przez dla oraz jak ale są był była być przy
        lub tego tym co ich może jego jej które który która a
    """,
    "tr": """
        ve bir bu için ile de da ne çok olan olarak daha en gibi kadar sonra ama var değil ise
        her o ya mi mı ki veya tarafından olduğu
    """,
    "pt": """
        o a os as de que e em um uma é para com não por do da dos das no na se mais como mas ao
        foi são ou ser ter sua seu também está pelo pela
    """,
}
_OF_WORD: dict[str, list[str]] = {}
for _language, _list in _WORDS.items():
    for _word in dict.fromkeys(_list.split()):
        _OF_WORD.setdefault(_word, []).append(_language)

_TOKEN = re.compile(r"[^\W\d_]+")
#: The part of a text's words that must be such small words, and how far ahead the best must be.
_LEAST = 0.12
_AHEAD = 1.15
_LEAST_TOKENS = 4
_MOST_TOKENS = 1500
#: Letters that only some have, for short texts: counted as a part of a small word.
_LETTERS = {"ß": "de", "ä": "de", "ü": "de", "ö": "de", "ł": "pl", "ą": "pl", "ę": "pl", "ı": "tr"}
_LETTERS |= {"ş": "tr", "ğ": "tr", "ñ": "es", "ã": "pt", "õ": "pt", "ê": "fr", "œ": "fr"}
_LETTER_WEIGHT = 0.3
#: What only German words look like: for tables, forms and plans that hold no sentence.
_GERMAN_SHAPE = re.compile(
    r"ß|sch(?!ool)"
    r"|(?:ung|ungen|keit|heit|schaft|lich|amt|platz|plan|gebiet|weg|rat|jahr|zahl|markt)$"
)
_LEAST_SHAPES, _LEAST_SHAPE_WORDS = 0.12, 3
_CYRILLIC, _UKRAINIAN = re.compile(r"[\u0400-\u04ff]"), re.compile(r"[іїєґІЇЄҐ]")
_OTHER = (
    ("ar", re.compile(r"[\u0600-\u06ff]")), ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")), ("zh", re.compile(r"[\u4e00-\u9fff]")),
)  # fmt: skip


def recognise(text: str) -> str:
    """The language of a text (ISO 639-1), or "" when it is not clear."""
    script = _script(text[:2000])
    if script:
        return script
    # Single letters stand in tables and formulas of every language.
    found = [token.casefold() for token in _TOKEN.findall(text)[:_MOST_TOKENS] if len(token) > 1]
    # A word that stands in each row of a table says as much as one that stands three times.
    tokens = [token for token, times in Counter(found).items() for _ in range(min(times, 3))]
    if len(tokens) < _LEAST_TOKENS:
        return ""
    score: dict[str, float] = defaultdict(float)
    for token in tokens:
        languages = _OF_WORD.get(token)
        if languages:
            # A word of several languages ("in", "die") says less about each.
            for language in languages:
                score[language] += 1 / len(languages) ** 0.5
        if not token.isascii():
            for letter in set(token):
                if letter in _LETTERS:
                    score[_LETTERS[letter]] += _LETTER_WEIGHT
    ranked = sorted(score.items(), key=lambda item: -item[1])
    best, most = ranked[0] if ranked else ("", 0.0)
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if most >= _LEAST * len(tokens) and most >= _AHEAD * second:
        return best
    return "de" if best in ("", "de") and _german_shapes(set(tokens)) else ""


def _german_shapes(words: set[str]) -> bool:
    shaped = sum(1 for word in words if len(word) > 4 and _GERMAN_SHAPE.search(word))
    return shaped >= max(_LEAST_SHAPE_WORDS, _LEAST_SHAPES * len(words))


def _script(text: str) -> str:
    """The language of a text in other letters than Latin."""
    letters = len(re.findall(r"[^\W\d_]", text))
    if letters < 10:
        return ""
    if len(_CYRILLIC.findall(text)) > letters // 2:
        return "uk" if _UKRAINIAN.search(text) else "ru"
    for language, pattern in _OTHER:
        if len(pattern.findall(text)) > letters // 2:
            return language
    return ""
