"""German sentences: where one ends. Abbreviations, dates and numbers do not end one."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: With their dots, without spaces, in small letters.
_ABBREVIATIONS_TEXT = """
    abb. abs. abt. allg. anl. anm. art. aufl. az. bd. bes. betr. bez. bspw. bzgl. bzw. ca. dez.
    dgl. dipl. dr. ebd. ehem. einschl. entspr. etc. evtl. exkl. f. ff. fam. fr. geb. gem. ges.
    ggf. ggü. hbf. hl. hr. hrn. hrsg. ing. inkl. insb. insbes. jr. jun. kap. kfz. lfd. lt. max.
    med. mind. min. mio. mrd. mtl. nr. nrn. o. ob. od. pkt. phil. prof. red. resp. rd. rn. s.
    sen. sog. sr. st. std. stellv. stk. str. tab. tel. tsd. u. univ. urspr. usw. v. verf. vgl.
    vol. vorl. vors. vs. z. zb. zit. ziff. zt. zzgl. zzt. jhd. jh. mwst. rhld. bgm. obm. vg. og.
    kl. gr. qm. ha. approx. no. p. pp. fig. mr. mrs. ms. e.g. i.e. jan. feb. mrz. apr. jul. aug.
    sep. sept. okt. nov. d. h. a. i. e. b. m. n. g. k. l. c. t. ä. ö. ü. w. q. r. j. x. y.
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())
#: Several letters with dots and no spaces: "z.B.", "i.d.R.", "u.a."
_LETTERS_WITH_DOTS = re.compile(r"(?:[^\W\d_]{1,3}\.){2,}$")
#: These stand at a sentence's end as well: a new sentence begins if its first word says so.
_MAY_END_TEXT = """
    usw. etc. ff. f. a. ä. m. h. u.a. u.ä. str. ha. qm. jh. jhd.
"""
_MAY_END = frozenset(_MAY_END_TEXT.split())
_CANDIDATE = re.compile(r"[.!?…]+[\"“”«»')\]]*\s+(?=[\"„“»«'(\[–-]?\s?[A-ZÄÖÜ0-9§])|\n+")
_LAST_WORD = re.compile(r"(\S+)$")
_OPENING = "\"„“»«'([–-"
#: Words that begin sentences and follow no abbreviation in one.
_STARTERS_TEXT = """
    Der Die Das Ein Eine Es Er Sie Wir Ich In Im Am An Auf Aus Bei Dies Diese Dieser Dieses Für
    Mit Nach Damit Dazu Dabei Daher Hierzu Hierbei Zudem Außerdem Auch Wenn Ob Wie Was Wer Wo
    The This It We
"""
_STARTERS = frozenset(_STARTERS_TEXT.split())


def split(text: str) -> list[str]:
    """The sentences of a text; a newline always ends one."""
    return [text[start:end].strip() for start, end in spans(text) if text[start:end].strip()]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, in letters."""
    start = 0
    for match in _CANDIDATE.finditer(text):
        if match[0][0] != "\n" and not _ends(text, start, match):
            continue
        yield start, match.end()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match[0].rstrip()
    if mark[0] != "." or mark.startswith(".."):
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 40), match.start())
    before = word[1].lstrip(_OPENING) if word else ""
    following = text[match.end() : match.end() + 30].lstrip(_OPENING + " ")
    if before.isdigit():
        # "12. Mai", "3. Nachtrag", "Nr. 3." A year or an amount ends a sentence.
        return len(before) > 2 and not following[:1].isdigit()
    lowered = f"{before}.".casefold()
    if _LETTERS_WITH_DOTS.search(lowered) and lowered not in _MAY_END:
        return False
    if lowered in _ABBREVIATIONS or lowered in _MAY_END:
        if lowered not in _MAY_END:
            return False
        return re.split(r"\W", following, maxsplit=1)[0] in _STARTERS
    # "IV. Quartal", "II. Nachtrag"
    return not (before and set(before) <= set("IVX") and len(before) <= 4)
