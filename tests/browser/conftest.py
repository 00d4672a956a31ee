"""A headless Chromium that watches what a page asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_path() -> str | None:
    """The browser of the tests: ``MYK_TEST_BROWSER``, else the first Chromium on the path."""
    named = os.environ.get("MYK_TEST_BROWSER")
    if named:
        return shutil.which(named)
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@dataclass
class Watched:
    """A browser context and what went wrong in it."""

    context: Any
    host: str
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def page(self, width: int, height: int) -> Any:
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(15_000)
        return page

    def on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.strangers.append(request.url)

    def on_console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = browser_path()
    if path is None:
        pytest.skip(
            "no browser: install Chromium (Debian: apt install chromium) or set MYK_TEST_BROWSER"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def watched(chromium: Any, stack: Any) -> Iterator[Watched]:
    context = chromium.new_context(locale="de-DE")
    found = Watched(context, urlsplit(stack.url).netloc)
    context.on("request", found.on_request)
    context.on("console", found.on_console)
    context.on("weberror", lambda error: found.errors.append(str(error.error)))
    yield found
    context.close()
