"""A pytest plugin for CKAN's tests: repeatable data, and a fixture that they expect.

CKAN's factories draw titles and descriptions from a thousand English words: a test that searches
for "One" among three records fails, on Solr too, whenever a description happens to contain "one".
Each test therefore draws from a seed of its own, made from its name.

The fixture ``freezer`` and the mark ``freeze_time`` come from pytest-freezer in CKAN's own
environment; nothing else here needs it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import factory.random
import pytest
from ckan.tests import factories
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory, StepTickTimeFactory, TickingDateTimeFactory


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the number that all seeds start from."""
    parser.addoption("--suites-seed", type=int, default=0)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark."""
    config.addinivalue_line("markers", "freeze_time(...): freeze time during the test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the fixture to every test that has the mark."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("freeze_time"):
            item.fixturenames.insert(0, "freezer")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed the factories, before any fixture draws from them."""
    seed = zlib.crc32(item.nodeid.encode()) + item.config.getoption("--suites-seed")
    factories.fake.seed_instance(seed)
    factory.random.reseed_random(seed)


@pytest.fixture
def freezer(
    request: pytest.FixtureRequest,
) -> Iterator[FrozenDateTimeFactory | StepTickTimeFactory | TickingDateTimeFactory]:
    """Freeze time, as the mark says; ``move_to`` and ``tick`` move it."""
    mark = request.node.get_closest_marker("freeze_time")
    words, options = (mark.args, mark.kwargs) if mark else ((), {})
    # Else pytest itself would measure frozen time.
    options = {"ignore": ["_pytest.terminal", "_pytest.runner", "_pytest.timing"], **options}
    with freeze_time(*words, **options) as frozen:
        yield frozen
