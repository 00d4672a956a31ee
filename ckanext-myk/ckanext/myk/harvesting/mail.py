"""Mails to whoever looks after a harvest source, through CKAN's mailer."""

from __future__ import annotations

import logging
from typing import Any

from ckan.lib import mailer
from ckan.plugins import toolkit

log = logging.getLogger(__name__)


def send(to: str, title: str, kind: str, run: dict[str, Any]) -> str | None:
    """Tell somebody what became of a source; return why that was not possible, if it was not.

    ``kind``: ``failing``, ``well again`` or ``many gone``; ``run``: the latest run's report.
    """
    subject, text = _words(kind)
    details = [str(run.get("error") or ""), *map(str, run.get("warnings") or [])]
    body = "\n\n".join(
        [
            text.format(source=title, portal=toolkit.config.get("ckan.site_title") or ""),
            "\n".join(line for line in details if line),
            toolkit._("All runs: {address}").format(
                address=toolkit.h.url_for(
                    "myk_harvest.source", name=run.get("source", ""), qualified=True
                )
            ),
            toolkit._("On the server: {command}").format(
                command=f"myk harvest history {run.get('source', '')}"
            ),
        ]
    )
    try:
        mailer.mail_recipient(to, to, subject.format(source=title), body)
    except (mailer.MailerException, OSError) as error:
        return " ".join(str(error).split())[:300]
    return None


def _words(kind: str) -> tuple[str, str]:
    if kind == "failing":
        return (
            toolkit._("Import fails: {source}"),
            toolkit._(
                "The import of “{source}” into {portal} has failed three times in a row. What was "
                "imported before stays as it is. The reason of the last time:"
            ),
        )
    if kind == "well again":
        return (
            toolkit._("Import works again: {source}"),
            toolkit._("The import of “{source}” into {portal} works again."),
        )
    return (
        toolkit._("Many records gone: {source}"),
        toolkit._(
            "“{source}” suddenly has far fewer records than {portal} knows of it. None was "
            "withdrawn. Please look whether the source is complete:"
        ),
    )
