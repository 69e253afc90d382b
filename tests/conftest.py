"""What every test gets: the real parts, one printed seed, no skips where none are allowed, no threads left behind.

Fixtures live in `tests/parts/`, one module for each part; every module there is loaded.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before any of them is loaded: they import each other.
pytest.register_assert_rewrite("tests.parts")

pytest_plugins = [
    f"tests.parts.{file.stem}" for file in sorted(Path(__file__).parent.glob("parts/*.py")) if file.stem != "__init__"
]

# The same examples on every run: a red test stays red until somebody repairs something. Campaigns look further with
# --hypothesis-profile=explore.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("same")

DEFAULT_SEED = 20261121

LEFT_BEHIND_S = 10.0
"""After so long a thread that was told to end has not heard of it; a busy machine takes its time."""
# Threads that a library keeps for the life of the process, by the start of their names.
LIBRARY_THREADS = ("asyncio_", "pytest_timeout", "Hypothesis", "Dummy-")


def pytest_configure(config: pytest.Config) -> None:
    # Whoever ends the run by a signal (a time limit, a CI) still wants the servers that it started to be stopped.
    shares_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    signal.signal(signal.SIGTERM, _end_with_the_workers if shares_out else _end_as_by_ctrl_c)


def pytest_report_header() -> list[str]:
    lines = [f"wardgate: seed {_seed()} (WARDGATE_TEST_SEED)"]
    if _no_skip():
        lines.append("wardgate: a skipped test is a failure here (WARDGATE_NO_SKIP)")
    return lines


@pytest.fixture(scope="session")
def seed() -> int:
    """The run's seed: the same every time unless WARDGATE_TEST_SEED says otherwise."""
    return _seed()


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats: it depends on the seed and the test's name, not on which tests ran before."""
    return random.Random(f"{seed}:{request.node.nodeid}")


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    """A thread that outlives its test disturbs the next one and hides a close() that does not close."""
    before = set(threading.enumerate())
    yield
    give_up_at = time.monotonic() + LEFT_BEHIND_S
    while left := [thread for thread in threading.enumerate() if thread not in before and _is_ours(thread)]:
        if time.monotonic() > give_up_at:
            pytest.fail(f"threads left behind: {', '.join(sorted(thread.name for thread in left))}")
        time.sleep(0.01)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    return _skip_to_failure(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _skip_to_failure((yield))


def _skip_to_failure(report):
    if report.outcome == "skipped" and _no_skip():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, where nothing may be skipped: {reason}"
    return report


def _end_as_by_ctrl_c(_number: int, _frame: object) -> None:
    # A second interruption would break off what stops the servers; pytest-xdist sends one to a slow worker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt("ended by a signal")


def _end_with_the_workers(_number: int, _frame: object) -> None:
    """They have the servers. Left to pytest-xdist they would go on for five seconds and be killed after ten."""
    me = os.getpid()
    for worker in Path(f"/proc/{me}/task/{me}/children").read_text().split():
        os.kill(int(worker), signal.SIGTERM)
    raise KeyboardInterrupt("ended by a signal")


def _is_ours(thread: threading.Thread) -> bool:
    return thread.is_alive() and not thread.name.startswith(LIBRARY_THREADS)


def _no_skip() -> bool:
    return os.environ.get("WARDGATE_NO_SKIP", "") not in ("", "0")


def _seed() -> int:
    return int(os.environ.get("WARDGATE_TEST_SEED", DEFAULT_SEED))
