from __future__ import annotations

from typing import Any

import pytest

from harvesters import report as reports
from harvesters.errors import ConfigError
from harvesters.model import Outcome, Report, SourceConfig, Verdict
from harvesters.portal import explain
from harvesters.run import harvest, preview
from tests.unit.harvesters.conftest import FakeCkan, Village, search_is_down


def _last(report: Report) -> str:
    return list(reports.lines(report))[-1]


def test_a_first_run_adds_all(village: Village, ckan: FakeCkan) -> None:
    report = village.run(ckan)
    assert _last(report) == "added 2, changed 0, unchanged 0, gone 0, failed 0"
    assert report.verdict is Verdict.SUCCEEDED
    trees = ckan.by_name("baeume-im-dorf")
    assert trees["harvest_source"] == "dorf"
    assert trees["harvest_source_id"] == "baeume-1"
    assert trees["harvest_source_url"] == "https://dorf.example/baeume"
    assert trees["harvest_hash"]
    assert trees["harvested_at"]
    assert trees["owner_org"] == "offene-daten-des-dorfes"
    assert ckan.organisations["offene-daten-des-dorfes"]["title"] == "Offene Daten des Dorfes"
    assert ckan.organisations["stadt-andernach"]["description"] == "Am Rhein."


def test_a_second_run_writes_nothing(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.calls.clear()
    report = village.run(ckan)
    assert _last(report) == "added 0, changed 0, unchanged 2, gone 0, failed 0"
    assert ckan.calls == ["package_search", "package_list", "group_list"]


def test_a_second_run_with_a_stale_index_writes_nothing(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.calls.clear()
    ckan.index_is_stale = True
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2
    assert ckan.writes == []


def test_a_record_that_only_the_index_has_is_written(village: Village, ckan: FakeCkan) -> None:
    """A crash between the index and the database's commit leaves such a phantom."""
    village.run(ckan)
    busses = ckan.by_name("busse")
    ckan.phantoms = [ckan.packages.pop(busses["id"])]
    report = village.run(ckan)
    assert _last(report) == "added 1, changed 0, unchanged 1, gone 0, failed 0"
    assert ckan.by_name("busse")["id"] == busses["id"]


def test_a_phantom_that_the_source_does_not_have_either(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.phantoms = [{**ckan.by_name("busse"), "id": "x", "harvest_source_id": "x", "name": "x"}]
    report = village.run(ckan)
    assert report.results[-1].outcome is Outcome.SKIPPED
    assert "only the search index has it" in report.results[-1].reason
    assert report.verdict is Verdict.SUCCEEDED


def test_a_private_record_is_not_taken_for_a_phantom(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.by_name("busse")["private"] = True
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2


def test_a_change_keeps_name_ids_and_what_staff_decided(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    before = ckan.by_name("baeume-im-dorf")
    before |= {"private": True}
    village.change('"Bäume im Dorf"', '"Alle Bäume"')
    report = village.run(ckan)
    assert _last(report) == "added 0, changed 1, unchanged 1, gone 0, failed 0"
    after = ckan.by_name("baeume-im-dorf")
    assert after["title"] == "Alle Bäume"
    assert after["private"] is True
    assert after["id"] == before["id"]
    assert after["resources"][0]["id"] == before["resources"][0]["id"]


def test_an_edit_of_staff_stays_until_the_source_changes(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.by_name("baeume-im-dorf")["title"] = "Von Hand"
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2
    assert ckan.by_name("baeume-im-dorf")["title"] == "Von Hand"
    village.change("Wann sie fahren.", "Wann und wo.")
    village.run(ckan)
    assert ckan.by_name("baeume-im-dorf")["title"] == "Von Hand"
    village.change('"Grün/Natur"', '"Natur"')
    village.run(ckan)
    assert ckan.by_name("baeume-im-dorf")["title"] == "Bäume im Dorf"


def test_gone_records_are_marked_then_withdrawn_and_come_back(
    village: Village, ckan: FakeCkan
) -> None:
    village.run(ckan)
    listed = "<https://dorf.example/baeume>, <https://dorf.example/busse> ."
    village.change(listed, "<https://dorf.example/baeume> .")
    village.change("<https://dorf.example/busse> a dcat:Dataset ;", "<https://dorf.example/busse>")
    report = village.run(ckan)
    assert _last(report) == "added 0, changed 0, unchanged 1, gone 1, failed 0"
    since = ckan.by_name("busse")["harvest_gone_since"]
    assert since
    report = village.run(ckan, dry_run=True)
    assert report.count(Outcome.WITHDRAWN) == 1
    assert ckan.by_name("busse")["state"] == "active"
    report = village.run(ckan)
    assert report.count(Outcome.WITHDRAWN) == 1
    assert since in report.results[-1].reason
    assert _last(report) == "added 0, changed 0, unchanged 1, gone 1, failed 0"
    assert ckan.by_name("busse")["state"] == "deleted"
    ckan.calls.clear()
    assert _last(village.run(ckan)) == "added 0, changed 0, unchanged 1, gone 0, failed 0"
    assert ckan.writes == []
    village.change("<https://dorf.example/busse>", "<https://dorf.example/busse> a dcat:Dataset ;")
    village.change("dcat:dataset <https://dorf.example/baeume> .", "dcat:dataset " + listed)
    assert _last(village.run(ckan)) == "added 0, changed 1, unchanged 1, gone 0, failed 0"
    busses = ckan.by_name("busse")
    assert busses["state"] == "active"
    assert "harvest_gone_since" not in busses
    assert "harvest_withdrawn" not in busses


def test_a_marked_record_that_staff_deleted_stays_deleted(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.by_name("busse").update(state="deleted", harvest_gone_since="2026-01-01")
    assert village.run(ckan).results[1].outcome is Outcome.SKIPPED
    assert ckan.by_name("busse")["state"] == "deleted"


def test_when_too_many_vanish_at_once_nothing_is_done(village: Village, ckan: FakeCkan) -> None:
    more = "".join(
        f'<https://dorf.example/{n}> a dcat:Dataset ; dct:title "Nr. {n}" .\n' for n in range(8)
    )
    whole = village.file.read_text() + more
    village.file.write_text(whole)
    assert village.run(ckan).count(Outcome.ADDED) == 10
    ckan.calls.clear()
    village.file.write_text("".join(whole.partition("<https://dorf.example/5>")[:1]))
    report = village.run(ckan)
    assert ckan.writes == []
    assert report.held_back == 3
    assert report.verdict is Verdict.PARTIAL
    assert "3 of 10 records are no longer in the source" in report.warnings[-1]
    assert village.run(ckan, accept_gone=True).count(Outcome.GONE) == 3
    assert village.run(ckan).held_back == 3
    village.file.write_text("".join(whole.partition("<https://dorf.example/6>")[:1]))
    report = village.run(ckan)
    assert (report.count(Outcome.WITHDRAWN), report.count(Outcome.CHANGED)) == (2, 1)
    assert report.verdict is Verdict.SUCCEEDED


def test_no_records_from_a_source_that_had_some(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    village.file.write_text("<https://x.example/> a <http://www.w3.org/ns/dcat#Catalog> .")
    report = village.run(ckan)
    assert report.verdict is Verdict.FAILED
    assert "has no records, but had 2" in report.error
    assert not any(p.get("harvest_gone_since") for p in ckan.packages.values())
    assert _last(report) == "added 0, changed 0, unchanged 0, gone 0, failed 0"


def test_a_source_that_cannot_be_read(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    village.file.write_text("<html>Wartung</html>")
    report = village.run(ckan)
    assert report.verdict is Verdict.FAILED
    assert "web page" in report.error
    assert not any(p.get("harvest_gone_since") for p in ckan.packages.values())


def test_one_bad_record_does_not_stop_the_others(
    village: Village, ckan: FakeCkan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harvesters.sources.dcat import DcatSource

    normalise = DcatSource.normalise

    def broken(self: DcatSource, raw: Any) -> Any:
        if raw.ref.identity == "baeume-1":
            raise KeyError("title")
        return normalise(self, raw)

    monkeypatch.setattr(DcatSource, "normalise", broken)
    report = village.run(ckan)
    assert _last(report) == "added 1, changed 0, unchanged 0, gone 0, failed 1"
    assert report.verdict is Verdict.PARTIAL
    assert report.results[0].reason == "KeyError: 'title'"


def test_what_ckan_refuses_is_told_in_its_words(village: Village, ckan: FakeCkan) -> None:
    from ckanapi.errors import ValidationError

    ckan.refuse = lambda action, data: (
        ValidationError({"resources": [{}, {"url": ["Not a URL"]}], "title": ["Missing"]})
        if action == "package_create" and data["name"] == "busse"
        else None
    )
    report = village.run(ckan)
    assert report.results[1].reason == "resources 2 url: Not a URL; title: Missing"
    assert ckan.rollbacks > 0


def test_explanations_are_one_line() -> None:
    assert explain(ValueError("a\n b")) == "a b"
    assert explain(ValueError({"message": "Access denied: no"})) == "no"


def test_a_dry_run_writes_nothing(village: Village, ckan: FakeCkan) -> None:
    report = village.run(ckan, dry_run=True)
    assert report.count(Outcome.ADDED) == 2
    assert list(reports.lines(report))[-2] == "dry run: nothing was written"
    assert ckan.writes == []
    village.run(ckan)
    village.change('"Bäume im Dorf"', '"Alle Bäume"')
    ckan.calls.clear()
    assert village.run(ckan, dry_run=True).count(Outcome.CHANGED) == 1
    assert ckan.writes == []


# -- the same through another source --------------------------------------------------------------


def test_the_nearer_source_has_the_record(village: Village, ckan: FakeCkan) -> None:
    def state() -> Report:
        return village.run(ckan, name="land", priority=20, priorities={"dorf": 50})

    village.run(ckan)
    report = state()
    assert report.count(Outcome.SKIPPED) == 2
    assert "from dorf, which is nearer" in report.results[0].reason
    assert len(ckan.packages) == 2
    busses = ckan.by_name("busse")
    assert busses["harvest_source"] == "dorf"
    assert busses["harvest_also"] == ["land: https://dorf.example/busse"]
    ckan.calls.clear()
    assert state().count(Outcome.SKIPPED) == 2
    assert ckan.writes == []
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2


def test_a_nearer_source_takes_a_record_over(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan, name="land", priority=20)
    before = ckan.by_name("busse")
    report = village.run(ckan, priorities={"land": 20})
    assert report.count(Outcome.CHANGED) == 2
    after = ckan.by_name("busse")
    assert (after["id"], after["harvest_source"]) == (before["id"], "dorf")
    assert after["harvest_also"] == ["land: https://dorf.example/busse"]
    assert village.run(ckan, priorities={"land": 20}).count(Outcome.UNCHANGED) == 2
    land = village.run(ckan, name="land", priority=20, priorities={"dorf": 50})
    assert land.count(Outcome.SKIPPED) == 2
    assert len(ckan.packages) == 2


def test_among_equals_who_came_first_has_it(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    assert village.run(ckan, name="land").count(Outcome.SKIPPED) == 2
    # What was withdrawn there is taken from here.
    ckan.by_name("busse")["state"] = "deleted"
    report = village.run(ckan, name="land")
    assert report.count(Outcome.ADDED) == 1


# -- names and ids -------------------------------------------------------------------------------


def test_a_name_that_somebody_has(village: Village, ckan: FakeCkan) -> None:
    ckan.packages["x"] = {"id": "x", "name": "busse", "state": "active"}
    report = village.run(ckan)
    assert report.count(Outcome.ADDED) == 2
    assert report.results[1].name.startswith("busse-")
    ckan.index_is_stale = True
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2


def test_without_the_right_to_choose_ids(village: Village, ckan: FakeCkan) -> None:
    ckan.may_choose_ids = False
    assert village.run(ckan).count(Outcome.ADDED) == 2
    ckan.index_is_stale = True
    ckan.calls.clear()
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2
    assert len(ckan.packages) == 2


def test_without_the_right_to_make_organisations(village: Village, ckan: FakeCkan) -> None:
    ckan.may_make_organisations = False
    report = village.run(ckan)
    assert report.count(Outcome.FAILED) == 2
    assert "may not make it; make it in the portal, or name another with --org" in (
        report.results[0].reason
    )


def test_a_record_that_staff_deleted_stays_deleted(village: Village, ckan: FakeCkan) -> None:
    village.run(ckan)
    ckan.by_name("busse")["state"] = "deleted"
    ckan.calls.clear()
    report = village.run(ckan)
    assert report.results[1].outcome is Outcome.SKIPPED
    assert "deleted in the portal" in report.results[1].reason
    assert ckan.writes == []


def test_a_hub_that_is_missing_is_noted(village: Village, ckan: FakeCkan) -> None:
    ckan.groups = set()
    report = village.run(ckan)
    assert "no such hub in the portal: mobil-hub" in report.results[1].notes
    assert ckan.by_name("busse")["groups"] == []


# -- files ---------------------------------------------------------------------------------------


def test_files_are_uploaded_once(village: Village, ckan: FakeCkan) -> None:
    file = village.file.parent / "b.csv"
    file.write_text("a;b\n")
    village.change("<https://dorf.example/baeume.csv>", "<b.csv>")
    village.run(ckan)
    (resource,) = ckan.by_name("baeume-im-dorf")["resources"]
    assert resource["content"] == b"a;b\n"
    assert resource["url_type"] == "upload"
    ckan.calls.clear()
    assert village.run(ckan).count(Outcome.UNCHANGED) == 2
    assert ckan.writes == []
    village.change('"Bäume im Dorf"', '"Alle Bäume"')
    village.run(ckan)
    (after,) = ckan.by_name("baeume-im-dorf")["resources"]
    assert "content" not in after  # the file itself did not travel again
    assert after["url"] == "b.csv"
    file.write_text("a;b\n1;2\n")
    village.run(ckan)
    (after,) = ckan.by_name("baeume-im-dorf")["resources"]
    assert after["content"] == b"a;b\n1;2\n"


def test_a_run_that_breaks_off_before_the_upload_starts_it_again(
    village: Village, ckan: FakeCkan
) -> None:
    (village.file.parent / "b.csv").write_text("a")
    village.change("<https://dorf.example/baeume.csv>", "<b.csv>")
    ckan.refuse = lambda action, _data: (
        RuntimeError("killed") if action == "package_patch" else None
    )
    report = village.run(ckan)
    assert report.count(Outcome.FAILED) == 1
    ckan.refuse = lambda _action, _data: None
    report = village.run(ckan)
    assert _last(report) == "added 0, changed 1, unchanged 1, gone 0, failed 0"
    (resource,) = ckan.by_name("baeume-im-dorf")["resources"]
    assert resource["content"] == b"a"


# -- a portal that does not answer ---------------------------------------------------------------


def test_a_short_outage_is_waited_out(village: Village, ckan: FakeCkan) -> None:
    left = [2]

    def refuse(action: str, data: dict[str, Any]) -> Exception | None:
        if action == "package_create" and left[0]:
            left[0] -= 1
            return search_is_down("package_create")(action, data)
        return None

    ckan.refuse = refuse
    report = village.run(ckan)
    assert _last(report) == "added 2, changed 0, unchanged 0, gone 0, failed 0"
    assert ckan.rollbacks >= 2


def test_a_long_outage_ends_the_run(village: Village, ckan: FakeCkan) -> None:
    more = "".join(
        f'<https://dorf.example/{n}> a dcat:Dataset ; dct:title "Nr. {n}" .\n' for n in range(8)
    )
    village.file.write_text(village.file.read_text() + more)
    ckan.refuse = search_is_down("package_create")
    report = village.run(ckan)
    assert report.count(Outcome.FAILED) == 10
    assert report.verdict is Verdict.FAILED
    assert report.results[0].reason == "the search service does not take the record"
    assert report.results[9].reason.startswith("not tried: ")
    assert ckan.packages == {}
    ckan.refuse = lambda _action, _data: None
    assert village.run(ckan).count(Outcome.ADDED) == 10


def test_a_portal_that_is_away_from_the_start(village: Village, ckan: FakeCkan) -> None:
    ckan.refuse = search_is_down("package_search")
    report = village.run(ckan)
    assert report.verdict is Verdict.FAILED
    assert "is the portal running?" in report.error
    assert report.results == []


# -- the rest ------------------------------------------------------------------------------------


def test_progress_and_json(village: Village, ckan: FakeCkan) -> None:
    seen: list[tuple[int, int | None]] = []
    report = village.run(ckan, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    data = reports.as_json(report)
    assert data["verdict"] == "succeeded"
    assert data["counts"]["added"] == 2
    assert data["records"][0]["identity"] == "baeume-1"


def test_a_preview_needs_no_portal(village: Village) -> None:
    source = SourceConfig(name="dorf", type="dcat", path=village.file)
    shown, total, warnings = preview(source, count=1, config=village.config)
    assert len(shown) == 1
    assert (total, warnings) == (2, [])


def test_a_wrong_option_is_the_operators_error(village: Village, ckan: FakeCkan) -> None:
    source = SourceConfig(name="x", type="dcat", path=village.file, options={"max_page": 1})
    with pytest.raises(ConfigError, match="Did you mean `max_pages`"):
        harvest(source, ckan, config=village.config)
