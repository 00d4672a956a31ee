"""What is wrong with a value, and what became of a run, in the reader's language."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit

from harvesters.config import Problem

_LIMITS = ("ge", "le", "gt", "lt")


def problem(found: Problem) -> str:
    """Return a mistake in plain words; what there are no words for stays in English."""
    _ = toolkit._
    kind, context = found.kind, found.context
    field = found.where[0] if found.where else ""
    if kind == "missing" or kind == "too_short":
        return str(_("This is needed."))
    if kind == "extra_forbidden":
        return str(_("There is no such option.")) + _hint(found.message)
    if kind == "unknown_type":
        return str(_("There is no such kind of source."))
    if kind.startswith("int_"):
        return str(_("Please enter a whole number."))
    if kind.startswith(("float_", "decimal_", "finite_")):
        return str(_("Please enter a number."))
    if kind.startswith("bool_"):
        return str(_("Please say yes or no."))
    if kind in ("greater_than_equal", "greater_than"):
        return str(_("Please enter at least {limit}.")).format(limit=_limit(context))
    if kind in ("less_than_equal", "less_than"):
        return str(_("Please enter at most {limit}.")).format(limit=_limit(context))
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return str(_("Please choose one of these: {values}.")).format(values=expected)
    if kind == "string_pattern_mismatch" and field == "name":
        return str(
            _("Only lower-case letters, digits, - and _, at most 99; a letter or digit first.")
        )
    if kind == "string_pattern_mismatch" and field == "contact":
        return str(_("Please enter one e-mail address, such as amt@gemeinde.de."))
    if field == "schedule":
        return str(_("This is no time: five fields are expected, such as {example}.")).format(
            example="30 4 * * *"
        )
    return f"{found.message}."


def _limit(context: Any) -> str:
    value = next((context[key] for key in _LIMITS if key in context), "")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _hint(message: str) -> str:
    """Return the name that was probably meant, from the English message."""
    _before, found, meant = message.partition("Did you mean ")
    if not found:
        return ""
    name = meant.strip("`?. ")
    return " " + str(toolkit._("Did you mean {name}?")).format(name=name)


def sentence(text: str) -> str:
    """Return a description of the harvesters, translated, as the label of a field."""
    shown = str(toolkit._(text)).replace("`", "") if text else ""
    return shown[:1].upper() + shown[1:]


def verdict(found: str | None) -> str:
    """Return what became of a run; while there is nothing to say, that it goes on."""
    _ = toolkit._
    return str({
        "succeeded": _("succeeded"),
        "partial": _("with gaps"),
        "failed": _("failed"),
    }.get(found or "", _("running")))  # fmt: skip


def outcome(found: str) -> str:
    """Return what became of a record, in one or two words."""
    _ = toolkit._
    return str({
        "added": _("new"),
        "changed": _("changed"),
        "unchanged": _("unchanged"),
        "gone": _("no longer in the source"),
        "withdrawn": _("withdrawn"),
        "failed": _("not readable"),
        "skipped": _("left out"),
    }.get(found, found))  # fmt: skip
