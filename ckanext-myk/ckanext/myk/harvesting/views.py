"""The pages about harvest sources, below ``/harvest``. All of them call the actions alone.

What changes something is a POST with CKAN's token against forged requests, which CKAN asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ckan.plugins import toolkit
from ckanext.myk.harvesting import book, forms, pages, schema
from ckanext.myk.harvesting.chart import chart
from flask import Blueprint, Response, make_response

_RUNS = 200
#: Records of a run on one page.
_PAGE = 100

Page = str | Response


def _context() -> dict[str, Any]:
    user = toolkit.current_user
    name = user.name if user.is_authenticated else ""
    return {"user": name, "auth_user_obj": user if name else None}


def _call(action: str, **data: Any) -> Any:
    return toolkit.get_action(f"myk_harvest_{action}")(_context(), data)


def _guarded(view: Callable[..., Page]) -> Callable[..., Page]:
    """Answer 403 and 404 where the actions say so."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Page:
        try:
            return view(*args, **kwargs)
        except toolkit.NotAuthorized:
            text = toolkit._("Only editors of a publisher manage its sources.")
            return toolkit.abort(403, text)
        except toolkit.ObjectNotFound as error:
            return toolkit.abort(404, str(error.message or ""))

    return answer


def _go(endpoint: str, **values: Any) -> Response:
    answer: Response = toolkit.redirect_to(f"myk_harvest.{endpoint}", **values)
    return answer


def _render(name: str, status: int = 200, **values: Any) -> Page:
    page = make_response(toolkit.render(f"myk/harvest/{name}.html", values), status)
    # What it says changes by itself, and is for this person alone.
    page.headers["Cache-Control"] = "private, no-store"
    return page


def _publishers() -> list[dict[str, str]]:
    """Return the organisations whose sources the visitor may manage: name and title."""
    found = toolkit.get_action("organization_list_for_user")(
        _context(), {"permission": "update_dataset"}
    )
    chosen = [
        {"name": str(one["name"]), "title": str(one.get("title") or one["name"])} for one in found
    ]
    return sorted(chosen, key=lambda one: one["title"].casefold())


def _kinds() -> list[dict[str, Any]]:
    return list(_call("kind_list"))


# -- reading -------------------------------------------------------------------------------------


@_guarded
def index() -> Page:
    """List the sources that the visitor may manage."""
    org = toolkit.request.args.get("org", "")
    sources = _call("source_list", org=org)
    publishers = _publishers()
    if not publishers and not sources:
        raise toolkit.NotAuthorized
    return _render(
        "list",
        sources=sources,
        publishers=publishers,
        names={one["name"]: one["title"] for one in publishers},
        org=org,
        file_problem=book.file_problem() if toolkit.current_user.sysadmin else "",
    )


@_guarded
def source(name: str) -> Page:
    """Show a source: how it stands, and its runs."""
    found = _call("source_show", name=name)
    runs = _call("run_list", name=name, limit=_RUNS)
    options = [
        (one.label, found["options"].get(one.name))
        for one in (forms.option_fields(found["type"]) if not found["problem"] else [])
        if found["options"].get(one.name) not in (None, "", [])
    ]
    return _render(
        "source",
        source=found,
        runs=runs,
        chart=chart(runs, pages.said),
        options=options,
        publisher=_publisher(found.get("org")),
        kind=_summary(found["type"]),
    )


def _publisher(name: str | None) -> str:
    return next((one["title"] for one in _publishers() if one["name"] == name), name or "")


def _summary(kind: str) -> str:
    return next((str(one["summary"]) for one in _kinds() if one["name"] == kind), kind)


@_guarded
def run(id: str) -> Page:
    """Show a run, with each record that something is to be said of."""
    outcome = toolkit.request.args.get("outcome", "")
    found = _call("run_show", id=id, outcome=outcome)
    try:
        number = max(1, int(toolkit.request.args.get("page", "1")))
    except ValueError:
        number = 1
    records = found["records"]
    return _render(
        "run",
        run=found,
        source=_call("source_show", name=found["source"]),
        records=records[(number - 1) * _PAGE : number * _PAGE],
        number=number,
        more=len(records) > number * _PAGE,
        outcome=outcome,
    )


@_guarded
def run_table(id: str) -> Page:
    """Return the records of a run for a spreadsheet."""
    found = _call("run_show", id=id, outcome=toolkit.request.args.get("outcome", ""))
    answer = make_response(pages.table(found))
    name = f"{found['source']}-{found['started'][:10]}.csv"
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


# -- entering ------------------------------------------------------------------------------------


@_guarded
def new() -> Page:
    """Ask for the kind of a new source, and then for the rest."""
    request, publishers = toolkit.request, _publishers()
    if not publishers:
        raise toolkit.NotAuthorized
    if checked := request.args.get("check"):
        data = _call("check_show", id=checked)["source"]
        return _form(data["type"], data, {}, None)
    kind = request.form.get("type") or request.args.get("type", "")
    if kind not in schema.kinds():
        return _render("kinds", kinds=_kinds(), org=request.args.get("org", ""))
    if request.method == "GET":
        return _form(kind, {"org": request.args.get("org", "")}, {}, None)
    return _entered(kind, None)


@_guarded
def edit(name: str) -> Page:
    """Change a source."""
    found = _call("source_show", name=name)
    if found["from_file"]:
        raise toolkit.ObjectNotFound(toolkit._("The operator changes this source."))
    if checked := toolkit.request.args.get("check"):
        return _form(found["type"], _call("check_show", id=checked)["source"], {}, found)
    if toolkit.request.method == "GET":
        return _form(found["type"], found, {}, found)
    return _entered(found["type"], found)


def _entered(kind: str, before: dict[str, Any] | None) -> Page:
    """Save what was entered, or have it looked at first."""
    form = toolkit.request.form
    data = forms.read(form, form.getlist, kind)
    if before:
        data["name"] = before["name"]
    try:
        if "look" in form:
            return _go("check", id=_call("source_check", **data)["id"])
        saved = _call("source_update" if before else "source_create", **data)
    except toolkit.ValidationError as error:
        return _form(kind, data, error.error_dict, before, status=422)
    toolkit.h.flash_success(toolkit._("The source is saved."))
    return _go("source", name=saved["name"])


def _form(
    kind: str,
    data: dict[str, Any],
    errors: dict[str, list[str]],
    before: dict[str, Any] | None,
    status: int = 200,
) -> Page:
    times = forms.schedules()
    options = [
        one for one in forms.option_fields(kind)
        if toolkit.current_user.sysadmin or not one.for_operators
    ]  # fmt: skip
    further = forms.further_fields()
    shown = {"name", "url", "title", "org", "schedule", "contact"}
    shown |= {one.name for one in further} | {f"options.{one.name}" for one in options}
    return _render(
        "form",
        status,
        kind=kind,
        summary=_summary(kind),
        data=data,
        errors=errors,
        before=before,
        publishers=_publishers(),
        times=times,
        own_time=str(data.get("schedule") or "") not in [time for time, _words in times],
        options=options,
        further=further,
        elsewhere=[text for key in errors if key not in shown for text in errors[key]],
    )


@_guarded
def check(id: str) -> Page:
    """Show a preview; while it is looked at, the page asks again by itself."""
    found = _call("check_show", id=id)
    data = found["source"]
    known = None
    if not found["new"]:
        known = _call("source_show", name=data["name"])
    changed = bool(
        found["new"]
        or (known and not known["from_file"] and any(known[key] != data[key] for key in data))
    )
    return _render(
        "check",
        check=found,
        source=data,
        known=known,
        changed=changed,
        publisher=_publisher(data.get("org")),
    )


@_guarded
def save_checked(id: str) -> Page:
    """Save the source of a preview."""
    found = _call("check_show", id=id)
    try:
        action = "source_create" if found["new"] else "source_update"
        saved = _call(action, **found["source"])
    except toolkit.ValidationError as error:
        before = None if found["new"] else found["source"]
        kind = found["source"]["type"]
        return _form(kind, found["source"], error.error_dict, before, status=422)
    toolkit.h.flash_success(toolkit._("The source is saved."))
    return _go("source", name=saved["name"])


# -- doing ---------------------------------------------------------------------------------------


@_guarded
def act(name: str, action: str) -> Page:
    """Run, pause or resume a source, or have it looked at."""
    said = {
        "run": toolkit._("It will be read in a moment. This page shows how far it is."),
        "pause": toolkit._("It is no longer read by itself."),
        "resume": toolkit._("It is read by itself again."),
        "check": "",
    }
    if action not in said:
        raise toolkit.ObjectNotFound
    try:
        done = _call(f"source_{action}", name=name)
    except toolkit.ValidationError as error:
        toolkit.h.flash_error(" ".join(text for texts in error.error_dict.values()
                                       for text in texts))  # fmt: skip
        return _go("source", name=name)
    if action == "check":
        return _go("check", id=done["id"])
    toolkit.h.flash_success(said[action])
    return _go("source", name=name)


@_guarded
def delete(name: str) -> Page:
    """Ask what becomes of the records, and delete a source."""
    found = _call("source_show", name=name)
    if found["from_file"]:
        raise toolkit.ObjectNotFound(toolkit._("The operator changes this source."))
    errors: dict[str, list[str]] = {}
    if toolkit.request.method == "POST":
        try:
            _call("source_delete", name=name, records=toolkit.request.form.get("records", ""))
        except toolkit.ValidationError as error:
            errors = error.error_dict
            if "records" in errors:
                errors["records"] = [toolkit._("Please choose one of the two.")]
        else:
            toolkit.h.flash_success(toolkit._("The source is deleted."))
            return _go("index")
    query = {"fq": f'harvest_source:"{found["name"]}"', "rows": 0, "include_private": True}
    try:
        count = toolkit.get_action("package_search")(_context(), query)["count"]
    except Exception:  # noqa: BLE001 - the search may be away; the page does without the number
        count = None
    return _render("delete", 422 if errors else 200, source=found, errors=errors, count=count)


def blueprint() -> Blueprint:
    """Return the pages below ``/harvest``."""
    rules = Blueprint("myk_harvest", __name__, url_prefix="/harvest")
    rules.add_url_rule("/", view_func=index, strict_slashes=False)
    rules.add_url_rule("/new", view_func=new, methods=["GET", "POST"])
    rules.add_url_rule("/source/<name>", view_func=source)
    rules.add_url_rule("/source/<name>/edit", view_func=edit, methods=["GET", "POST"])
    rules.add_url_rule("/source/<name>/delete", view_func=delete, methods=["GET", "POST"])
    rules.add_url_rule("/source/<name>/<action>", view_func=act, methods=["POST"])
    rules.add_url_rule("/run/<id>", view_func=run)
    rules.add_url_rule("/run/<id>.csv", view_func=run_table)
    rules.add_url_rule("/check/<id>", view_func=check)
    rules.add_url_rule("/check/<id>/save", view_func=save_checked, methods=["POST"])
    return rules
