"""Hypothesis profiles: the same examples on every run; ``HYPOTHESIS_PROFILE=long`` to hunt."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# An index on disk is slow for hypothesis' taste, and shared by all examples on purpose.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

# Derandomized and without a data base of examples: a run says something about the code alone.
settings.register_profile(
    "ci", max_examples=120, deadline=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("long", max_examples=3_000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
