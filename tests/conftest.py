"""Settings for all tests: hypothesis without deadlines; HYPOTHESIS_PROFILE=all tries many more examples."""

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# What users have without extras; PYRITE_FRACTIONS=compiled runs the tests with the extra `fast`.
os.environ.setdefault("PYRITE_FRACTIONS", "standard")

settings.register_profile("quick", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("all", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


for number in (signal.SIGINT, signal.SIGHUP):
    # A shell has these ignored in what it starts in the background, children too: tests that send them would wait.
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_collection_finish():
    """What was imported and collected stays until the end; the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def cluster():
    """A Ray cluster of one node with one core, started here; tests add nodes to it."""
    ray = pytest.importorskip("ray")
    # A loaded machine starts Ray's own processes slowly.
    os.environ.update(
        RAY_agent_register_timeout_ms="300000", RAY_raylet_start_wait_time_s="300", RAY_AUTH_MODE="disabled"
    )
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield found
    ray.shutdown()
    found.shutdown()
