"""Settings for all tests: hypothesis without deadlines; HYPOTHESIS_PROFILE=all tries many more examples."""

import gc
import os

from hypothesis import HealthCheck, settings

settings.register_profile("quick", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("all", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection_finish():
    """What was imported and collected stays until the end; the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
