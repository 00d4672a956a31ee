"""A visitor's way through the portal: ask, narrow down, read, change the language, on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PHONE = (390, 844)


def _overflow(page: Any) -> int:
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def _sound(page: Any) -> None:
    """What every page must be: one main part, one heading, a language, no sideways scrolling."""
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") in ("de", "en")
    assert _overflow(page) <= 0, page.url


def _ask(page: Any, url: str, words: str) -> None:
    page.goto(url)
    page.get_by_label("Was möchten Sie wissen?").fill(words)
    page.get_by_label("Was möchten Sie wissen?").press("Enter")
    page.wait_for_url("**/dataset/?q=*")


def test_from_the_question_to_the_data(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    _ask(page, f"{stack.url}/", "Spielplatz")
    _sound(page)
    heading = page.locator("h1").inner_text()
    assert re.fullmatch(r"\d+ Treffer zu „Spielplatz“", heading)
    assert page.locator(".record").count() >= 1
    assert "Spielplätze" in page.locator(".records").inner_text()

    # Narrow down to the first publisher, and see it said and removable.
    publisher = page.locator("#filter-organization a").first
    name = publisher.locator(".filter-label").inner_text()
    publisher.click()
    page.wait_for_url("**organization=*")
    assert name in page.locator(".chosen").inner_text()
    assert all(name in line for line in page.locator(".record .by").all_inner_texts())
    _sound(page)

    # Open the first record: who, how current, what one may do with it, its files.
    title = page.locator(".record-title a").first.inner_text()
    page.locator(".record-title a").first.click()
    page.wait_for_url(re.compile(r"/dataset/[^/?]+$"))
    assert page.locator("h1").inner_text() == title
    facts = page.locator(".facts").first.inner_text()
    assert name in facts
    assert "Darf ich das nutzen?" in facts
    _sound(page)

    # English one click away, and back to the same page.
    german = page.url
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url("**/en/dataset/**")
    assert page.locator("html").get_attribute("lang") == "en"
    assert "May I use this?" in page.locator(".facts").first.inner_text()
    page.get_by_role("link", name="Deutsch").first.click()
    page.wait_for_url(german)
    assert page.locator("html").get_attribute("lang") == "de"

    assert watched.strangers == []
    assert watched.errors == []


def test_on_a_phone(watched: Any, stack: Any) -> None:
    page = watched.page(*PHONE)
    for path in ("/", "/dataset/", "/group/", "/organization/", "/about", "/user/login"):
        page.goto(stack.url + path)
        _sound(page)
    # The menu is simply there: every entry can be seen and hit with a thumb.
    page.goto(f"{stack.url}/")
    entries = page.locator(".site-nav a")
    assert entries.count() == 5
    for entry in entries.all():
        box = entry.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE[0]
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url("**/en/")
    page.get_by_role("link", name="Deutsch").first.click()

    # The filters open on demand and lead to fewer results.
    _ask(page, f"{stack.url}/", "Haushalt")
    assert not page.locator("#search-facets").is_visible()
    page.get_by_role("link", name="Eingrenzen").click()
    assert page.locator("#search-facets").is_visible()
    page.locator("#filter-organization a").first.click()
    page.wait_for_url("**organization=*")
    assert page.locator(".record").count() >= 1
    page.locator(".record-title a").first.click()
    _sound(page)

    assert watched.strangers == []
    assert watched.errors == []


def test_without_scripts_and_with_the_keyboard(chromium: Any, stack: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{stack.url}/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert page.locator(":focus").get_attribute("class") == "skip"
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0, "the skip link must be seen when it has the focus"
    page.locator("#ask").fill("Haushalt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dataset/?q=Haushalt")
    page.locator(".sort a", has_text="A bis Z").click()
    page.wait_for_url("**sort=title_string*")
    assert page.locator(".record").count() >= 1
    context.close()


def test_nothing_found_helps_on(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/dataset/?q=qxzvbnw")
    assert page.locator("h1").inner_text() == "Nichts gefunden zu „qxzvbnw“"
    assert page.get_by_role("link", name="die Hubs durchsehen").is_visible()
    assert watched.errors == []
    page.goto(f"{stack.url}/gibt-es-nicht")
    assert page.locator("h1").inner_text() == "Diese Seite gibt es nicht"
    assert watched.strangers == []


def test_english_pages_say_what_is_german(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/en/dataset/?q=Spielplatz")
    title = page.locator('.record-title a[lang="de"]').first
    name = title.inner_text()
    title.click()
    page.wait_for_url(re.compile(r"/en/dataset/[^/?]+$"))
    heading = page.locator("h1")
    assert heading.inner_text() == name
    assert heading.get_attribute("lang") == "de"
    page.get_by_role("link", name="Deutsch").first.click()
    page.wait_for_url(re.compile(r"//[^/]+/dataset/[^/?]+$"))
    assert page.locator("h1").get_attribute("lang") is None
    assert watched.errors == []


def test_the_home_page_owns_up_to_sample_data(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/")
    page.get_by_role("link", name="Dieses Portal zeigt noch Musterdaten.").click()
    page.wait_for_url("**tags=Musterdaten")
    assert page.locator(".record").count() >= 1
    assert "Musterdaten" in page.locator(".chosen").inner_text()


def test_staff_pages_have_one_heading(watched: Any, stack: Any) -> None:
    record = stack.action("package_search", q="Spielplatz", rows=1)["results"][0]
    name, file = record["name"], record["resources"][0]["id"]
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/user/login")
    page.locator("#field-login").fill("admin")
    page.locator("#field-password").fill(stack.secrets["admin_password"])
    page.locator("#field-password").press("Enter")
    page.wait_for_url("**/dashboard/**")
    for path in (
        f"/dataset/delete/{name}",
        f"/dataset/{name}/resource/{file}/delete",
        f"/dataset/edit/{name}",
        f"/dataset/resources/{name}",
        "/organization/delete/stadt-bendorf",
        "/organization/bulk_process/stadt-bendorf",
        "/organization/bulk_process/stadt-bendorf?q=qxzvbnw",
        "/organization/manage_members/stadt-bendorf",
        "/group/delete/mobil-hub",
        "/group/edit/mobil-hub",
        "/user/delete/admin",
        "/ckan-admin/trash",
    ):
        page.goto(stack.url + path)
        page.wait_for_function("document.querySelectorAll('h1').length > 0")
        _sound(page)
        assert page.locator("[role=main]").count() == 0
        assert page.locator("h1").is_visible()
