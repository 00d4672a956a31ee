"""Hypothesis profiles: the same examples on every run; ``HYPOTHESIS_PROFILE=long`` to hunt."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# An index on disk is slow for hypothesis' taste, and shared by all examples on purpose.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

# Without the phase that explains a failure: it runs each failure again under a tracer, for minutes.
_PHASES = [Phase.explicit, Phase.generate, Phase.shrink]

# Derandomized and without a data base of examples: a run says something about the code alone.
settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=_PHASES,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "long",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "2000")),
    deadline=None,
    phases=_PHASES,
    suppress_health_check=_QUIET,
)
# The first failure as it was drawn, not made small: to go through many bugs quickly.
settings.register_profile(
    "first", settings.get_profile("long"), phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
