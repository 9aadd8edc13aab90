"""Settings for all tests: hypothesis without deadlines; HYPOTHESIS_PROFILE=all tries many more examples."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("all", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
