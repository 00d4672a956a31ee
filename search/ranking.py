"""The weights of the ranking, each with its reason.

Measured with ``myk eval`` on the development collections (``docs/relevance.md``). A score is
``similarity + trust · words``: cosine of question and record, and how much of the question the
record holds in words (``search.catalogue.questions``), both near 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

# -- words ---------------------------------------------------------------------------------

#: BM25's ceiling for one word (k1 + 1): a word's score divided by this and its idf is 0 to 1.
CEILING = 2.2

#: What a hit in a field counts beside the one in the whole text, of which it is part.
#: The title is the publisher's own shortest statement of what it is.
TITLE = 0.7
#: Chosen words, but chosen sloppily ("Bremen", "100").
TAGS = 0.4
#: "Haushalt Bendorf" means Bendorf's budget, wherever Bendorf stands.
ORGANISATION = 0.4
#: "Abfuhrkalender 2024.pdf" often says what the title does not.
FILES = 0.3
#: The share of a word's lesser fields in its score (Solr's ``tie``, as CKAN sends it).
TIE = 0.1

#: All parts of a compound ("Plätze zum Spielen" for "Spielplatz") say almost what it says itself,
#: together 0.9; half of them say less than half of that.
ALL_PARTS = 0.4
SOME_PARTS = 0.5

#: Words side by side as in the question: names, titles and figures are told from chance by that.
PAIRS = 0.6

#: A place is what people will not do without: "Spielplätze in Bendorf".
PLACE = 1.5

#: In "Abfallwirtschaft: Container" what stands before the colon says only where.
CONTEXT = 0.9

#: Who types a title, an address name or an identifier in full wants exactly that record.
EXACTLY = 10.0

# -- words and meaning ---------------------------------------------------------------------

_TRUST = 3.0


def trust(coverage: float, evidence: float) -> float:
    """Return how far words are trusted against meaning: what they count beside a similarity.

    ``coverage`` is how much of the question the best record holds in words (0 to 1), ``evidence``
    how much all of it would say in this catalogue (1: enough to name one record). Half a
    coincidence in a short question is worth little; eight words of a title are worth more than any
    similarity.
    """
    return _TRUST * coverage * coverage * evidence


#: What the words behind a colon count once more in a question's vector, beside the whole's 1.
BEHIND_COLON = 0.3
#: What the kind of record that a question word asks for ("Wann": dates) counts in it: half a word
#: of the question's topic. With more such words than these it says by itself what it wants.
KIND, KIND_WORDS = 0.5, 4

#: So many records, best by words, are given their similarity too.
BEST_BY_WORDS = 100
#: With fewer records than this that hold enough of the words, others join: a first page should
#: not stay empty for one word.
ENOUGH = 10
#: They hold this share of what the best one holds,
_AS_GOOD = 0.5
#: and either this share of the question or as much of it as says this much (see ``trust``). What a
#: little more would bring and cost: ``docs/no-nonsense.md``.
_COVERED, _TELLING = 0.2, 0.7


def worth_showing(held: float, best: float, evidence: float) -> bool:
    """Tell whether a record that lacks words of a question is still an answer to it.

    ``held`` and ``best``: how much of the question it and the best record hold (near 0 to 1).
    """
    return held >= _AS_GOOD * best and (held >= _COVERED or held * evidence >= _TELLING)


#: So many of the best passages of files bring their records into a result set,
PASSAGES = 50
#: and count this much beside what is said of the record itself: a long file has many chances.
PASSAGE = 0.95


# -- whether anything is meant -------------------------------------------------------------

#: How many neighbours in meaning can join a result set.
NEIGHBOURS = 100
#: Neighbours this much farther than the nearest (cosine) are about something else, and so are
#: those so far below the model's threshold.
NEIGHBOUR_MARGIN = 0.35
NEIGHBOUR_FLOOR = 0.15
#: The share of that margin that is left where a record holds all words of the question.
_MARGIN_WHEN_HELD = 0.5

#: Which neighbours stand for the crowd, counted from the nearest.
_CROWD = slice(10, 30)
#: What the distance to the crowd, and words held, add to the nearest one's similarity.
_STANDING_OUT, _HELD = 1.0, 0.3
#: The distance to the crowd that says nothing either way; catalogues too small for a crowd have 0.
_USUAL = 0.2


def sureness(similarities: Sequence[float], coverage: float) -> float:
    """Return how sure it is that the catalogue holds something of a question.

    It is compared with the model's threshold. ``similarities`` are those of the nearest records,
    nearest first; ``coverage`` is how much of the question the best record holds in words. Near to
    all alike is near to none: a question about something else has many neighbours of one distance.
    """
    crowd = similarities[_CROWD]
    apart = similarities[0] - sum(crowd) / len(crowd) if crowd else 0.0
    return similarities[0] + _STANDING_OUT * (apart - _USUAL) + _HELD * coverage


def least_similarity(nearest: float, coverage: float, threshold: float) -> float:
    """Return how near (cosine) a neighbour must be to join a result set.

    Who asks in the catalogue's own words wants what holds them, and little beside it.
    """
    margin = NEIGHBOUR_MARGIN * (1 - (1 - _MARGIN_WHEN_HELD) * coverage**4)
    return max(nearest - margin, threshold - NEIGHBOUR_FLOOR)


# -- Solr's dismax -------------------------------------------------------------------------

#: Solr's weights that CKAN sends with every search of its pages: the people's search. It gets the
#: ranking above; other weights are taken as they are sent.
CKAN_FIELDS = "name^4 title^4 tags^2 groups^2 text"
