"""One page of a DCAT catalogue: which datasets it has, and what it says about each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, Namespace

from harvesters.model import CatalogueInfo
from harvesters.statements import IRI, TEXT, Statement, Term
from harvesters.subjects import About, Subjects

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ADMS = Namespace("http://www.w3.org/ns/adms#")

#: How far from a dataset something may stand that belongs to it. The profiles that read it look at
#: most four steps away: a file, its service, what that conforms to, the name of it.
_STEPS: Final = 6
#: Statements that belong to one dataset; a real one has fewer than a thousand.
MOST_STATEMENTS: Final = 20_000

_TYPE = str(RDF.type)
_DATASET = str(DCAT.Dataset)
_CATALOGUE = str(DCAT.Catalog)
# Records of their own: of them only the texts belong to a dataset that refers to them.
_RECORDS = frozenset({
    (_TYPE, Term(IRI, f"{DCAT}{kind}"))
    for kind in ("Dataset", "Catalog", "CatalogRecord", "DatasetSeries")
})  # fmt: skip
# What a catalogue or series holds: noted, and not kept with all that is said about it.
_HOLDS = frozenset({
    *(f"{DCAT}{name}" for name in ("dataset", "record", "seriesMember")), str(HYDRA.member)
})  # fmt: skip
_VIEWS = frozenset(map(str, (HYDRA.PartialCollectionView, HYDRA.PagedCollection)))
_NEXT = tuple(map(str, (HYDRA.next, HYDRA.nextPage)))
_TITLE, _PUBLISHER, _NAME = map(str, (DCTERMS.title, DCTERMS.publisher, FOAF.name))


@dataclass(slots=True)
class Description:
    """All that belongs to one dataset: by subject, the dataset itself first."""

    root: str
    said: dict[str, About] = field(default_factory=dict)
    too_large: bool = False

    def values(self, predicate: str, subject: str = "") -> list[Term]:
        """What is said of ``subject``, or of the dataset itself."""
        about = self.said.get(subject or self.root, {})
        return [term for said, term in about if said == predicate]

    def statements(self) -> Iterator[Statement]:
        """All of it as statements."""
        for subject, about in self.said.items():
            for predicate, term in about:
                yield (subject, predicate, *term)

    @property
    def identifier(self) -> str:
        """``dct:identifier``, else ``adms:identifier``, else nothing."""
        if found := sorted(filter(None, _texts(self.values(str(DCTERMS.identifier))))):
            return found[0]
        for term in self.values(str(ADMS.identifier)):
            notations = [term] if term.kind == TEXT else []
            notations = notations or self.values(str(SKOS.notation), term.value)
            if text := next(iter(_texts(notations)), ""):
                return text
        return ""

    @property
    def title_and_address(self) -> str:
        """For a dataset without a name of its own: these stay the same, mostly."""
        urls = sorted(
            url
            for distribution in self.values(str(DCAT.distribution))
            for url in _texts(self.values(str(DCAT.accessURL), distribution.value))
        )
        return min(_texts(self.values(_TITLE)), default="") + (urls[0] if urls else "")


class Page:
    """One document of a catalogue. ``close`` it when its datasets have been looked at."""

    def __init__(self) -> None:
        self._subjects = Subjects()
        self._datasets: dict[str, str] = {}  # each with its catalogue, if one holds it
        self._held: dict[str, str] = {}
        self._catalogues: dict[str, None] = {}
        self._views: dict[str, None] = {}
        self._info: dict[str, CatalogueInfo] = {}
        self.total: int | None = None

    def close(self) -> None:
        """Forget all of it."""
        self._subjects.close()

    def fill(self, statements: Iterable[Statement]) -> None:
        """Take in the whole document."""
        self._subjects.fill(self._noticed(statements))
        for dataset in self._datasets:
            self._datasets[dataset] = self._held.pop(dataset, "")
        self._held.clear()

    def _noticed(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """The statements that say something about a dataset; what tells of the whole is noted."""
        for statement in statements:
            subject, predicate, _kind, value, _extra = statement
            if predicate in _HOLDS:
                if predicate == str(DCAT.dataset):
                    self._held.setdefault(value, subject)
                continue
            if predicate == _TYPE:
                if value == _DATASET:
                    self._datasets[subject] = ""
                elif value == _CATALOGUE:
                    self._catalogues[subject] = None
                elif value in _VIEWS:
                    self._views[subject] = None
            elif predicate == str(HYDRA.totalItems) and self.total is None and value.isdigit():
                self.total = int(value)
            yield statement

    @property
    def is_catalogue(self) -> bool:
        """Whether a catalogue or a dataset occurs in it at all."""
        return bool(self._datasets or self._catalogues)

    @property
    def next_page(self) -> str | None:
        """The address of the following page, as Hydra gives it."""
        for predicate in _NEXT:
            for view in self._views:
                for said, term in self._subjects.about(view):
                    if said == predicate:
                        return term.value
        return None

    def __len__(self) -> int:
        """How many datasets it has."""
        return sum(
            bool(catalogue) or self._has_title(dataset)
            for dataset, catalogue in self._datasets.items()
        )

    def _has_title(self, dataset: str) -> bool:
        return any(said == _TITLE for said, _term in self._subjects.about(dataset))

    def datasets(self) -> Iterator[Description]:
        """All datasets but stubs: those that another one only refers to (isVersionOf, inSeries)."""
        for dataset, catalogue in self._datasets.items():
            found = self._describe(dataset)
            if catalogue or found.values(_TITLE):
                yield found

    def _describe(self, dataset: str) -> Description:
        """What is said of a dataset, and of all that it leads to, but not of other datasets."""
        made = Description(dataset)
        number, nodes = 0, [dataset]
        for _step in range(_STEPS):
            following: dict[str, None] = {}
            for node in nodes:
                about = self._subjects.about(node)
                if not about:
                    continue
                if node != dataset and not _RECORDS.isdisjoint(about):
                    about = {said: None for said in about if said[1].kind == TEXT}
                made.said[node] = about
                number += len(about)
                if number > MOST_STATEMENTS:
                    made.too_large = True
                    return made
                for _predicate, term in about:
                    if term.kind != TEXT and term.value not in made.said:
                        following[term.value] = None
            nodes = [node for node in following if node not in made.said]
            if not nodes:
                break
        return made

    def catalogue_of(self, dataset: str) -> CatalogueInfo:
        """The catalogue of ``dataset``, or the only one there is, or an empty one."""
        node = self._datasets.get(dataset) or next(iter(self._catalogues), "")
        if node not in self._info:
            about = self._subjects.about(node) if node else {}
            publisher = next((term for said, term in about if said == _PUBLISHER), None)
            names = self._subjects.about(publisher.value) if publisher else {}
            is_named = publisher is not None and not publisher.value.startswith("_:")
            self._info[node] = CatalogueInfo(
                title=_best(about, _TITLE),
                publisher_name=_best(names, _NAME),
                publisher_uri=publisher.value
                if publisher and publisher.kind != TEXT and is_named
                else "",
            )
        return self._info[node]


def _texts(terms: Iterable[Term]) -> list[str]:
    return [term.value.strip() for term in terms]


def _best(about: About, predicate: str) -> str:
    """The German text, else any."""
    found = [term for said, term in about if said == predicate and term.kind == TEXT]
    ranked = sorted(found, key=lambda term: (term.extra != "@de", term.value))
    return ranked[0].value.strip() if ranked else ""
