"""The weights of the ranking, each with its reason."""

from __future__ import annotations

#: Where people's words are looked for, and how much a hit there counts.
PEOPLE_FIELDS: tuple[tuple[str, float], ...] = (
    # The publisher's own shortest statement of what it is.
    ("title", 2.0),
    # Chosen words, but chosen sloppily ("Bremen", "100").
    ("tags", 1.2),
    # "Haushalt Bendorf" means Bendorf's budget, wherever Bendorf stands.
    ("organisation", 1.0),
    # "Abfuhrkalender 2024.pdf" often says what the title does not.
    ("files", 0.8),
    # Everything, so that each word of the question can be met somewhere.
    ("text", 1.0),
    # Who types an address name or identifier in full wants exactly that record.
    ("name", 8.0),
    ("id", 8.0),
)

#: Solr's weights that CKAN sends with every search of its pages: the people's search.
CKAN_FIELDS = "name^4 title^4 tags^2 groups^2 text"

#: The share of a word's lesser fields in its score (Solr's ``tie``, as CKAN sends it).
TIE = 0.1

#: How far the words are trusted against the meaning: ``cosine + WORDS · BM25 / (2.2 · Σ idf)``.
#: 2.2 = k1 + 1 is BM25's ceiling for one word, so that the lexical part lies near 0 to 1.
#: Near 1 did best where people use other words, 5 where exact names and numbers matter; at 3
#: neither loses much (measured on four collections).
WORDS = 3.0
CEILING = 2.2

#: How many neighbours in meaning can join a result set.
NEIGHBOURS = 100

#: Neighbours this much farther than the nearest (cosine) are about something else.
NEIGHBOUR_MARGIN = 0.25

#: With fewer records than this that hold enough of the words, any of the words is enough: a first
#: page should not stay empty because one word of the question is not in the catalogue.
ENOUGH = 10
