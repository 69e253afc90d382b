"""Every branch of the decision core is walked by the tests beside this file.

The decision core is what `decide` and the credential lists import. Another process does it, because modules are
measured from their first line on; the long enumerations stay at home, examples and some random campuses have to do.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WALKERS = (
    "test_coverage.py",
    "test_decide.py",
    "test_decide_broken.py",
    "test_decide_policy.py",
    "test_incident_course.py",
    "test_laws.py",
    "test_lone_list.py",
    "test_papers_say.py",
    "test_parts.py",
    "test_policy.py",
    "test_standing_passes.py",
    "test_work.py",
)
LONG = "s1_ or p1_ or p2_ or p3_ or catches or caught"
DECISION_CORE = (
    "import sys, gateway.core.decide, gateway.core.lone_list;"
    "print(*(sys.modules[m].__file__ for m in sorted(sys.modules) if m.startswith('gateway.core.')), sep=chr(10))"
)


@pytest.mark.timeout(300)
def test_every_branch_of_the_decision_core_is_walked(tmp_path):
    pytest.importorskip("coverage")
    modules = subprocess.run(
        [sys.executable, "-c", DECISION_CORE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    environment = {**os.environ, "COVERAGE_FILE": str(tmp_path / "data")}
    tests = [f"tests/core/{name}" for name in WALKERS]
    measured = [sys.executable, "-m", "coverage", "run", "--branch", "--source=gateway.core", "-m", "pytest"]
    ran = subprocess.run(
        [*measured, "-q", "-p", "no:cacheprovider", "-k", f"not ({LONG})", *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr[-3_000:]
    report = tmp_path / "report.json"
    told = [sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)]
    subprocess.run(told, cwd=ROOT, env=environment, check=True)

    files = json.loads(report.read_text())["files"]
    missed = {}
    walked = [str(Path(line).relative_to(ROOT)) for line in modules.stdout.splitlines()]
    for module in walked:
        measured_file = files[module]
        missing = measured_file["missing_lines"], measured_file["missing_branches"]
        if any(missing):
            missed[module] = missing

    assert len(walked) > 10
    assert missed == {}
