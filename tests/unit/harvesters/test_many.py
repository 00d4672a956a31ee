"""Many new records in one go, where the portal can do that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ckanapi.errors import SearchIndexError, ValidationError

from harvesters.model import Outcome, SourceConfig
from harvesters.report import last_line
from harvesters.run import harvest
from tests.unit.harvesters.conftest import CATALOGUE, FakeCkan, Village


@dataclass
class QuickCkan(FakeCkan):
    """A CKAN that creates many at a time: all of them, or none."""

    batches: list[int] = field(default_factory=list)

    def _package_search(self, data: dict[str, Any]) -> dict[str, Any]:
        """Also for several addresses: ``uri:("a" OR "b")``."""
        field_name, _, wanted = data["fq"].partition(":")
        answers = [
            super(QuickCkan, self)._package_search({**data, "fq": f"{field_name}:{one}"})["results"]
            for one in wanted.strip("()").split(" OR ")
        ]
        return {"count": sum(map(len, answers)), "results": [p for found in answers for p in found]}

    def create_together(self, packages: Sequence[dict[str, Any]]) -> None:
        before = dict(self.packages)
        if error := self.refuse("create_together", {}):
            raise error
        try:
            for package in packages:
                self._package_create(package)
        except ValidationError:
            self.packages = before
            raise
        self.batches.append(len(packages))


def _dataset(number: int, title: str = "") -> str:
    return (
        f'<https://dorf.example/{number}> a dcat:Dataset ; dct:title "{title or number}" ;'
        f' dct:description "Nummer {number}" .\n'
    )


def _filled(village: Village, *datasets: str) -> None:
    village.file.write_text(CATALOGUE + "".join(datasets))


def test_new_records_are_created_together(village: Village) -> None:
    ckan = QuickCkan()
    _filled(village, *(_dataset(number) for number in range(118)))
    assert last_line(village.run(ckan)) == ("added 120, changed 0, unchanged 0, gone 0, failed 0")
    assert ckan.batches == [50, 50, 20]
    assert ckan.writes == ["organization_create"] * 2  # not one package by itself
    assert all(package["harvest_hash"] for package in ckan.packages.values())
    ckan.calls.clear()
    assert village.run(ckan).count(Outcome.UNCHANGED) == 120
    assert ckan.writes == []


def test_both_ways_write_the_same(village: Village) -> None:
    quick, slow = QuickCkan(), FakeCkan()
    village.run(quick)
    village.run(slow)
    ours, theirs = (
        {key: {**package, "harvested_at": ""} for key, package in ckan.packages.items()}
        for ckan in (quick, slow)
    )
    assert ours == theirs


def test_two_with_one_title_get_two_names(village: Village) -> None:
    ckan = QuickCkan()
    _filled(village, _dataset(1, "Wald"), _dataset(2, "Wald"))
    assert village.run(ckan).count(Outcome.ADDED) == 4
    assert ckan.batches == [4]
    assert len({package["name"] for package in ckan.packages.values()}) == 4


def test_one_that_is_refused_does_not_keep_out_the_others(village: Village) -> None:
    ckan = QuickCkan()
    wanted = ckan._package_create

    def strict(data: dict[str, Any]) -> dict[str, Any]:
        if data["title"] == "3":
            raise ValidationError({"title": ["Ungültig"]})
        return wanted(data)

    ckan._package_create = strict  # type: ignore[method-assign]
    _filled(village, *(_dataset(number) for number in range(5)))
    report = village.run(ckan)
    assert last_line(report) == "added 6, changed 0, unchanged 0, gone 0, failed 1"
    assert ckan.batches == []
    (failed,) = [result for result in report.results if result.outcome is Outcome.FAILED]
    assert (failed.identity, failed.reason) == ("https://dorf.example/3", "title: Ungültig")


def test_while_the_search_service_is_away_nothing_is_saved(village: Village) -> None:
    ckan = QuickCkan()
    ckan.refuse = lambda action, _data: (
        SearchIndexError("Solr") if action in ("create_together", "package_create") else None
    )
    _filled(village, *(_dataset(number) for number in range(58)))
    report = village.run(ckan)
    assert last_line(report) == "added 0, changed 0, unchanged 0, gone 0, failed 60"
    assert ckan.packages == {}
    assert report.results[2].reason == "the search service does not take the record"
    assert report.results[3].reason.startswith("not tried")
    ckan.refuse = lambda _action, _data: None
    assert village.run(ckan).count(Outcome.ADDED) == 60


def test_what_another_source_has_is_left_to_it(village: Village) -> None:
    ckan = QuickCkan()
    ckan.packages["other"] = {
        "id": "other",
        "name": "busse",
        "state": "active",
        "uri": "https://dorf.example/busse",
        "harvest_source": "land",
        "harvest_source_url": "https://land.example/busse",
    }
    report = village.run(ckan, priorities={"land": 60})
    assert last_line(report).startswith("added 1, ")
    assert report.count(Outcome.SKIPPED) == 1
    assert ckan.packages["other"]["harvest_also"] == ["dorf: https://dorf.example/busse"]


def test_a_look_writes_nothing(village: Village) -> None:
    ckan = QuickCkan()
    source = SourceConfig(name="dorf", type="dcat", path=village.file)
    report = harvest(source, ckan, config=village.config, dry_run=True)
    assert report.count(Outcome.ADDED) == 2
    assert ckan.packages == {}
    assert ckan.batches == []
