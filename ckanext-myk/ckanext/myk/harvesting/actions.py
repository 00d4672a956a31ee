"""API actions for harvest sources and their runs. Who may call which: ``auth.py``."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from ckan import authz
from ckan import model as ckan_model
from ckan.plugins import toolkit
from ckanext.myk.harvesting import auth, book, forms, jobs, model, schema

from harvesters import schedule

Context = dict[str, Any]
Data = dict[str, Any]

#: What a run must say of itself when it ends.
_VERDICTS = ("succeeded", "partial", "failed")
_MOST_RUNS = 20
#: Runs that say when a source is due: one that fails often is asked less.
_LAST = 12


def _check(action: str, context: Context, data: Data) -> str:
    """Return the name of who asks, if that person may do this."""
    toolkit.check_access(action, context, data)
    return str(context.get("user") or "")


def _entry(data: Data) -> book.Entry:
    name = toolkit.get_or_bust(data, "name")
    found = book.entry(str(name))
    if found is None:
        raise toolkit.ObjectNotFound(toolkit._("There is no such source."))
    return found


def _number(data: Data, key: str, default: int, most: int) -> int:
    try:
        value = int(data.get(key, default))
    except (TypeError, ValueError):
        value = -1
    if not 0 <= value <= most:
        text = toolkit._("Please enter a whole number from {least} to {most}.")
        raise toolkit.ValidationError({key: [str(text).format(least=0, most=most)]})
    return value


def _told(entry: book.Entry, runs: list[dict[str, Any]], user: str) -> dict[str, Any]:
    """Return a source as the API shows it: what was entered, and how it stands."""
    row, data = entry.row, dict(entry.data)
    if data.get("path") and not authz.is_sysadmin(user):
        data["path"] = None  # where a file of the server lies is the operator's business
    running = next((run for run in runs if not run["finished"]), None)
    ended = [run for run in runs if run["finished"]]
    requested = row.run_requested_at if row else None
    state = "waiting"
    if running:
        state = "running"
    elif requested:
        state = "requested"
    elif entry.paused:
        state = "paused"
    return {
        **data,
        "from_file": entry.from_file,
        "paused": entry.paused,
        "state": state,
        "run_requested_at": requested.astimezone(UTC).isoformat() if requested else None,
        "run_requested_by": row.run_requested_by if row else None,
        "running": running,
        "last_run": ended[0] if ended else None,
        "next_run": _next_run(entry, ended),
        "problem": entry.problem,
        "created": _moment(row.created) if row and not entry.from_file else None,
        "modified": _moment(row.modified) if row and not entry.from_file else None,
        "created_by": row.created_by if row and not entry.from_file else None,
    }


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _next_run(entry: book.Entry, runs: list[dict[str, Any]]) -> str | None:
    """Return when it is harvested by itself the next time, if it is."""
    source = entry.source
    if source is None or not source.schedule or not source.enabled or entry.paused:
        return None
    now = model.now()
    return max(now, schedule.next_due(source.schedule, runs, now)).isoformat()


# -- reading -------------------------------------------------------------------------------------


@toolkit.side_effect_free
def myk_harvest_kind_list(context: Context, data_dict: Data) -> list[dict[str, Any]]:
    """List the kinds of sources that can be entered in the portal.

    :rtype: list of dictionaries: ``name``, ``summary``, ``options`` (a JSON schema)
    """
    _check("myk_harvest_kind_list", context, data_dict)
    return [forms.kind(name) for name in schema.kinds()]


@toolkit.side_effect_free
def myk_harvest_source_list(context: Context, data_dict: Data) -> list[dict[str, Any]]:
    """List the harvest sources that you may manage, with their state.

    :param org: only those of this organisation (optional)
    :param runs: the last runs to return with each, up to 20 (optional)
    :rtype: list of dictionaries, as :py:func:`myk_harvest_source_show` returns them
    """
    user = _check("myk_harvest_source_list", context, data_dict)
    each = _number(data_dict, "runs", 0, _MOST_RUNS)
    org = str(data_dict.get("org") or "")
    allowed: dict[str, bool] = {}
    found = []
    for entry in book.entries().values():
        if org and entry.org != org:
            continue
        if entry.org not in allowed:
            allowed[entry.org] = auth.may_manage(user, entry.org)
        if allowed[entry.org]:
            found.append(entry)
    runs = model.latest((entry.name for entry in found), max(each, _LAST))
    out = []
    for entry in found:
        mine = runs.get(entry.name, [])
        out.append(_told(entry, mine, user))
        if each:
            out[-1]["runs"] = mine[:each]
    return out


@toolkit.side_effect_free
def myk_harvest_source_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show a harvest source.

    :param name: its name
    :returns: the source as ``config/sources.yaml`` would have it, and ``from_file`` (it stands
        there), ``state`` (``waiting``, ``paused``, ``requested``, ``running``), ``last_run``,
        ``next_run``, ``problem`` (why it cannot be used)
    """
    entry = _entry(data_dict)
    user = _check("myk_harvest_source_show", context, data_dict)
    return _told(entry, model.runs(entry.name, _LAST), user)


@toolkit.side_effect_free
def myk_harvest_run_list(context: Context, data_dict: Data) -> list[dict[str, Any]]:
    """List the runs of a source, the latest first, without their records.

    :param name: the source
    :param limit: how many, up to 200 (default: 20)
    :param offset: how many to leave out
    """
    toolkit.get_or_bust(data_dict, "name")
    _check("myk_harvest_run_list", context, data_dict)
    limit = _number(data_dict, "limit", 20, model.KEPT)
    return model.runs(str(data_dict["name"]), limit, _number(data_dict, "offset", 0, 10**6))


@toolkit.side_effect_free
def myk_harvest_run_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show a run, with each record that something is to be said of.

    :param id: of the run
    :param outcome: only records with this outcome (optional)
    """
    found = model.run(str(toolkit.get_or_bust(data_dict, "id")))
    if found is None:
        raise toolkit.ObjectNotFound(toolkit._("There is no such run."))
    _check("myk_harvest_run_show", context, data_dict)
    told = model.with_records(found)
    if outcome := data_dict.get("outcome"):
        told["records"] = [one for one in told["records"] if one.get("outcome") == outcome]
    return told


@toolkit.side_effect_free
def myk_harvest_check_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show a preview that you asked for.

    :param id: as :py:func:`myk_harvest_source_check` returned it
    :returns: ``state`` (``waiting``, ``done``, ``failed``), ``source``, and then ``error`` or
        ``result``
    """
    id_ = str(toolkit.get_or_bust(data_dict, "id"))
    user = _check("myk_harvest_check_show", context, data_dict)
    found = jobs.load(id_)
    if found is None or (found["user"] != user and not authz.is_sysadmin(user)):
        raise toolkit.ObjectNotFound(toolkit._("There is no such preview, or it is too old."))
    return found


# -- writing -------------------------------------------------------------------------------------


def myk_harvest_source_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Make a harvest source.

    :param title: shown name by language, ``{"de": …, "en": …}``
    :param name: short name, part of each record's provenance (else made from the title)
    :param type: its kind, see :py:func:`myk_harvest_kind_list`
    :param url: its address
    :param org: the organisation that owns its records; you must be able to edit there
    :param options: what its kind takes
    :param schedule: when to harvest it by itself: a cron expression of five fields
    :param contact: e-mail address of who is told when it fails
    :param priority: 0 to 50 (100 for sysadmins)
    :param gone_share: the share of its records that may vanish at once
    """
    user = _check("myk_harvest_source_create", context, data_dict)
    source = schema.validate(user, data_dict)
    row = model.row(source.name)
    if row is None:
        row = model.ManagedSource(name=source.name)
        ckan_model.Session.add(row)
    # A row may be left of a source that the operator has taken out of the file.
    row.paused, row.run_requested_at, row.run_requested_by = False, None, None
    row.created = row.modified = model.now()
    row.config, row.created_by = schema.stored(source), user
    ckan_model.Session.commit()
    return myk_harvest_source_show(context, {"name": source.name})


def myk_harvest_source_update(context: Context, data_dict: Data) -> dict[str, Any]:
    """Change a harvest source of the portal.

    Takes what :py:func:`myk_harvest_source_create` takes; what is left out gets its default. Name
    and kind stay. A source of the configuration file cannot be changed here.
    """
    entry = _entry(data_dict)
    user = _check("myk_harvest_source_update", context, data_dict)
    row = _portals(entry)
    source = schema.validate(user, data_dict, entry)
    # The stored text is asked for the organisation: it is known by name from here on.
    row.config, row.modified = schema.stored(source), model.now()
    ckan_model.Session.commit()
    return myk_harvest_source_show(context, {"name": source.name})


def _portals(entry: book.Entry) -> model.ManagedSource:
    if entry.from_file or entry.row is None:
        text = toolkit._("This source stands in the configuration file; the operator changes it.")
        raise toolkit.ValidationError({"name": [text]})
    return entry.row


def myk_harvest_source_delete(context: Context, data_dict: Data) -> dict[str, Any]:
    """Delete a harvest source of the portal, and what is known of its runs.

    :param name: its name
    :param records: ``keep`` leaves its records in the portal as they are, ``withdraw`` deletes
        them, too (an administrator can restore them)
    """
    entry = _entry(data_dict)
    user = _check("myk_harvest_source_delete", context, data_dict)
    row = _portals(entry)
    records = data_dict.get("records")
    if records not in ("keep", "withdraw"):
        text = toolkit._("Please say what becomes of its records: {values}.")
        raise toolkit.ValidationError({"records": [str(text).format(values="keep, withdraw")]})
    if any(not run["finished"] for run in model.runs(entry.name, 1)):
        text = toolkit._("It is being read just now; please wait until that is over.")
        raise toolkit.ValidationError({"name": [text]})
    if records == "withdraw":
        jobs.enqueue_withdrawal(entry.name, entry.org)
    ckan_model.Session.delete(row)
    model.forget(entry.name)
    ckan_model.Session.commit()
    return {"name": entry.name, "records": records, "deleted_by": user}


def myk_harvest_source_check(context: Context, data_dict: Data) -> dict[str, Any]:
    """Look at the first records of a source: what would become of them. Writes no record.

    :param name: an existing source; or all that :py:func:`myk_harvest_source_create` takes
    :returns: ``id``, for :py:func:`myk_harvest_check_show`. What was found is kept for an hour.
    """
    entry = book.entry(str(data_dict.get("name") or ""))
    user = _check("myk_harvest_source_check", context, data_dict)
    if entry is not None and (entry.from_file or "url" not in data_dict):
        if entry.source is None:
            raise toolkit.ValidationError({"name": [entry.problem]})
        source = entry.source
    else:
        source = schema.validate(user, data_dict, entry)
    return jobs.enqueue_check(source, user, new=entry is None)


def myk_harvest_source_run(context: Context, data_dict: Data) -> dict[str, Any]:
    """Ask for a run of a source now. It begins within seconds, if nothing else is running.

    :param name: of the source
    """
    entry = _entry(data_dict)
    user = _check("myk_harvest_source_run", context, data_dict)
    if entry.source is None:
        raise toolkit.ValidationError({"name": [entry.problem]})
    running = any(not run["finished"] for run in model.runs(entry.name, 1))
    row = _row(entry)
    if not running and row.run_requested_at is None:
        row.run_requested_at, row.run_requested_by = model.now(), user
    ckan_model.Session.commit()
    return myk_harvest_source_show(context, {"name": entry.name})


def myk_harvest_source_pause(context: Context, data_dict: Data) -> dict[str, Any]:
    """Let a source not be harvested by itself, until :py:func:`myk_harvest_source_resume`.

    :param name: of the source
    """
    return _pause(context, data_dict, "myk_harvest_source_pause", True)


def myk_harvest_source_resume(context: Context, data_dict: Data) -> dict[str, Any]:
    """Let a source be harvested by itself again.

    :param name: of the source
    """
    return _pause(context, data_dict, "myk_harvest_source_resume", False)


def _pause(context: Context, data_dict: Data, action: str, paused: bool) -> dict[str, Any]:
    entry = _entry(data_dict)
    _check(action, context, data_dict)
    row = _row(entry)
    row.paused = paused
    if paused:
        row.run_requested_at = row.run_requested_by = None
    ckan_model.Session.commit()
    return myk_harvest_source_show(context, {"name": entry.name})


def _row(entry: book.Entry) -> model.ManagedSource:
    """Return the source's row; one of the configuration file gets its row when it needs it."""
    if entry.row is not None:
        return entry.row
    row = model.ManagedSource(name=entry.name)
    ckan_model.Session.add(row)
    return row


# -- for the process that harvests -----------------------------------------------------------------


def myk_harvest_run_begin(context: Context, data_dict: Data) -> dict[str, Any]:
    """Note that a run of a source begins (sysadmins alone; ``myk harvest run`` calls it).

    :param source: its name
    :param started: when it began, if not now (ISO 8601)
    :returns: ``id`` of the run
    """
    _check("myk_harvest_run_begin", context, data_dict)
    source = str(toolkit.get_or_bust(data_dict, "source"))
    model.close_unfinished(source, "it was cut off before its end")
    run = model.RecordedRun(id=str(uuid.uuid4()), source=source, started=model.now())
    if data_dict.get("started"):
        run.started = _date(data_dict, "started")
    ckan_model.Session.add(run)
    row = model.row(source)
    if row is not None:
        row.run_requested_at = row.run_requested_by = None
    ckan_model.Session.flush()
    model.prune(source)
    ckan_model.Session.commit()
    return {"id": run.id}


def myk_harvest_run_end(context: Context, data_dict: Data) -> dict[str, Any]:
    """Note what became of a run (sysadmins alone).

    :param id: of the run
    :param report: what ``myk harvest run --json`` tells of it
    """
    _check("myk_harvest_run_end", context, data_dict)
    run = model.run(str(toolkit.get_or_bust(data_dict, "id")))
    if run is None:
        raise toolkit.ObjectNotFound(toolkit._("There is no such run."))
    report = data_dict.get("report")
    if not isinstance(report, dict) or report.get("verdict") not in _VERDICTS:
        raise toolkit.ValidationError({"report": ["must be a report with a verdict"]})
    run.verdict, run.counts, run.report = report["verdict"], report.get("counts") or {}, report
    run.finished = _date(report, "finished") if report.get("finished") else model.now()
    ckan_model.Session.commit()
    return {"id": run.id}


def _date(data: Data, key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(data[key]))
    except ValueError:
        raise toolkit.ValidationError({key: ["must be a moment in ISO 8601"]}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def functions() -> dict[str, Any]:
    """Return the actions by name."""
    return {name: value for name, value in globals().items() if name.startswith("myk_harvest_")}
