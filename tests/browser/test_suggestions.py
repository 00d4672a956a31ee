"""The search box as a combobox: keys, mouse, finger, screen reader; and without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PHONE = (390, 844)


def _type(page: Any, box: str, words: str) -> Any:
    field = page.locator(box)
    field.press_sequentially(words, delay=20)
    page.wait_for_selector(".suggestion")
    return field


def test_with_the_keyboard(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/")
    box = page.get_by_role("combobox", name="Was möchten Sie wissen?")
    assert box.get_attribute("aria-expanded") == "false"
    _type(page, "#ask", "feuerw")
    assert box.get_attribute("aria-expanded") == "true"
    lines = page.get_by_role("listbox", name="Vorschläge").get_by_role("option")
    number = lines.count()
    assert number >= 2
    assert page.locator("[role=status]", has_text="Vorschl").count() == 1
    assert box.get_attribute("aria-controls") == page.get_by_role("listbox").get_attribute("id")

    # Down through all lines, back into the box, and up to the last one.
    for place in range(number):
        page.keyboard.press("ArrowDown")
        assert lines.nth(place).get_attribute("aria-selected") == "true"
        assert box.get_attribute("aria-activedescendant") == lines.nth(place).get_attribute("id")
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowUp")
    assert lines.nth(number - 1).get_attribute("aria-selected") == "true"
    assert box.evaluate("node => node === document.activeElement")

    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "feuerw"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".suggestion")
    page.keyboard.press("ArrowDown")
    chosen = lines.first.locator(".suggestion-text").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**tags=*")
    assert chosen in page.locator(".chosen").inner_text()
    assert watched.errors == []
    assert watched.strangers == []


def test_enter_without_a_choice_asks_what_was_typed(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/dataset/")
    _type(page, "#q", "feuerw")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=feuerw*")
    assert page.locator(".suggestion").count() == 0
    # From another page's header, with the mouse; clicking elsewhere closes it.
    page.goto(f"{stack.url}/about")
    _type(page, "#site-search", "bendorf")
    page.locator("h1").first.click()
    assert not page.locator(".suggestions").is_visible()
    page.locator("#site-search").press("ArrowDown")
    page.wait_for_selector(".suggestion:visible")
    page.locator(".suggestion", has_text="Herausgeber").first.click()
    page.wait_for_url("**/organization/stadt-bendorf")
    assert watched.errors == []


def test_with_a_finger(watched: Any, stack: Any) -> None:
    page = watched.page(*PHONE)
    page.goto(f"{stack.url}/")
    _type(page, "#ask", "Bendrof")
    for line in page.locator(".suggestion-link").all():
        box = line.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE[0]
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) <= 0
    page.locator(".suggestion", has_text="Datensatz").first.click()
    page.wait_for_url(re.compile(r"/dataset/[^/?]+$"))
    assert watched.errors == []


def test_old_answers_never_overtake_new_ones(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/suggest" in request.url else 0
    )
    page.locator("#ask").press_sequentially("feuerwehr", delay=15)
    page.wait_for_selector(".suggestion")
    assert len(asked) <= 3, "asks when the typing pauses, not at each key"
    assert asked[-1].endswith("q=feuerwehr")
    page.locator("#ask").fill("")
    page.wait_for_function("document.querySelector('.suggestions').hidden")
    assert watched.errors == []


def test_a_slip_is_put_right(watched: Any, stack: Any) -> None:
    page = watched.page(1280, 800)
    page.goto(f"{stack.url}/dataset/?q=Feuerwer")
    page.locator(".did-you-mean a").click()
    page.wait_for_url("**q=Feuerwehr*")
    assert page.locator(".record").count() >= 1
    assert page.locator(".did-you-mean").count() == 0
    page.goto(f"{stack.url}/en/dataset/?q=qxzvbnw")
    help = page.locator(".empty").inner_text()
    assert "check the spelling" in help
    assert "who runs this portal" in help
    assert watched.errors == []
