"""Hypothesis profiles: the same examples on every run; ``HYPOTHESIS_PROFILE=long`` to hunt."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# An index on disk is slow for hypothesis' taste, and shared by all examples on purpose.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

# To make a failure small takes minutes, and to explain it more: the run of all tests shows it as it
# was drawn; HYPOTHESIS_PROFILE=long makes it small.
_QUICK = [Phase.explicit, Phase.generate]

# Derandomized and without a data base of examples: a run says something about the code alone.
settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=_QUICK,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "long",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "2000")),
    deadline=None,
    phases=[*_QUICK, Phase.shrink],
    suppress_health_check=_QUIET,
)
# To go through many failures quickly.
settings.register_profile("first", settings.get_profile("long"), phases=_QUICK)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
