"""A pytest plugin: the fixture ``freezer`` and the mark ``freeze_time``, which CKAN's tests use.

CKAN has them from pytest-freezer, which nothing else here needs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory, StepTickTimeFactory, TickingDateTimeFactory


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark."""
    config.addinivalue_line("markers", "freeze_time(...): freeze time during the test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the fixture to every test that has the mark."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("freeze_time"):
            item.fixturenames.insert(0, "freezer")


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
