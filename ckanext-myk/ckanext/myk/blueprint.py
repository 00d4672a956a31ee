"""Pages of the portal's own: the home page, imprint and privacy, and what search boxes ask."""

from __future__ import annotations

from ckan.plugins import toolkit
from ckanext.myk import asking, home, search_away
from flask import Blueprint, Response


def index() -> str | Response:
    """Render the home page; without search what the database has, and status 503."""
    content = home.content()
    page = str(toolkit.render("home/index.html", content))
    return page if content["count"] is not None else search_away.unavailable(page)


def imprint() -> str:
    """Render the imprint."""
    return str(toolkit.render("myk/imprint.html", {"body": home.page_text("imprint")}))


def privacy() -> str:
    """Render the privacy page."""
    return str(toolkit.render("myk/privacy.html", {"body": home.page_text("privacy")}))


def questions() -> str | tuple[str, int]:
    """Render the page on which questions are answered from documents."""
    question = toolkit.request.args.get("q", "").strip()[:2_000]
    found = asking.answers(question) if question else []
    page = str(toolkit.render("myk/questions.html", {"question": question, "answers": found}))
    return (page, 503) if found is None else page


def blueprint() -> Blueprint:
    """Return the extension's blueprint; its ``/`` comes before CKAN's own."""
    pages = Blueprint("myk", __name__)
    pages.add_url_rule("/", view_func=index)
    pages.add_url_rule("/suggest", view_func=asking.suggest)
    pages.add_url_rule("/fragen", view_func=questions, endpoint="questions")
    pages.add_url_rule("/impressum", view_func=imprint)
    pages.add_url_rule("/datenschutz", view_func=privacy)
    return pages
