"""From nothing to a working checkout: what the lock files promise, and what dev.py does with them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (dev.RUN_LOCK, dev.DEV_LOCK, dev.NODE_LOCK)


def locked(name: str) -> dict[str, str]:
    """package → everything that the lock file says about it."""
    text = (ROOT / name).read_text()
    return {match[1]: match[0] for match in re.finditer(r"(?m)^([a-z0-9-]+)==(?:.*\\\n)*.*$", text)}


def version(said: str) -> str:
    return re.findall(r"==([^ ]+)", said)[0]


def normal(requirement: str) -> str:
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name):
    packages = locked(name)

    assert packages
    assert [package for package, said in packages.items() if "--hash=sha256:" not in said] == []


@pytest.mark.parametrize("name", [*LOCKS, "package-lock.json"])
def test_no_lock_file_names_a_download_address(name):
    text = (ROOT / name).read_text()

    assert "://" not in text
    assert "index-url" not in text


def test_everything_asked_for_is_locked():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = {normal(each) for each in asked["project"]["dependencies"] + asked["dependency-groups"]["build"]}
    development = runtime | {normal(each) for each in asked["dependency-groups"]["dev"]}

    assert runtime - locked(dev.RUN_LOCK).keys() == set()
    assert development - locked(dev.DEV_LOCK).keys() == set()
    assert {normal(each) for each in asked["dependency-groups"]["node"]} == locked(dev.NODE_LOCK).keys()


def test_tests_run_with_the_versions_that_run_in_production():
    run, development = locked(dev.RUN_LOCK), locked(dev.DEV_LOCK)

    assert {name: version(said) for name, said in run.items()} == {name: version(development[name]) for name in run}


def test_every_browser_library_is_pinned_by_version_and_hash():
    asked = json.loads((ROOT / "package.json").read_text())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = asked["dependencies"] | asked["devDependencies"]

    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, said in packages.items() if name and not said["integrity"].startswith("sha512-")] == []


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A folder that looks like a checkout which has been set up."""
    for name in dev.DECIDES_THE_SETUP:
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "node_modules").mkdir()
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV_PYTHON", python)
    return tmp_path


def test_a_set_up_folder_is_left_alone_and_a_changed_lock_is_noticed(checkout):
    stamp = {**dev.wanted_stamp(), "profile": "dev"}
    assert dev.stamp_serves(stamp, dev.wanted_stamp(), "dev")
    assert dev.stamp_serves(stamp, dev.wanted_stamp(), "run"), "what serves the tests serves the demo"

    with (checkout / dev.RUN_LOCK).open("a") as lock:
        lock.write("# another line\n")

    assert not dev.stamp_serves(stamp, dev.wanted_stamp(), "dev")


def test_a_demo_set_up_does_not_serve_the_tests(checkout):
    assert not dev.stamp_serves({**dev.wanted_stamp(), "profile": "run"}, dev.wanted_stamp(), "dev")


def test_a_copied_folder_is_set_up_anew(checkout):
    elsewhere = {**dev.wanted_stamp(), "profile": "dev", "root": "another place"}

    assert not dev.stamp_serves(elsewhere, dev.wanted_stamp(), "dev")


def test_an_incomplete_checkout_is_named(checkout):
    (checkout / dev.DEV_LOCK).unlink()

    with pytest.raises(dev.Stop, match=dev.DEV_LOCK):
        dev.wanted_stamp()


def test_the_pinned_uv_is_taken_from_the_lock_with_its_hashes():
    lines = dev.lines_of("uv", (ROOT / dev.RUN_LOCK).read_text())

    assert re.match(r"uv==[0-9.]+ \\\n", lines)
    assert lines.count("==") == 1
    assert "--hash=sha256:" in lines


def test_an_unknown_command_is_refused_with_the_list():
    done = subprocess.run([sys.executable, ROOT / "dev.py", "dance"], capture_output=True, text=True)

    assert done.returncode == 2
    assert all(command in done.stderr for command in dev.COMMANDS)


@pytest.mark.parametrize(
    "rest", [[], ["-q"], ["-x", "--durations=9", "--color=yes"], ["-p", "no:cacheprovider"]], ids=str
)
def test_a_run_of_all_tests_is_shared_out_and_keeps_groups_together(rest):
    number, how = dev.workers(rest)

    assert int(number.removeprefix("--numprocesses=")) >= 2
    assert how == "--dist=loadgroup"


@pytest.mark.parametrize(
    "rest",
    [
        ["tests/core"],
        ["-x", "tests/test_setup.py::test_everything_asked_for_is_locked"],
        ["-k", "tap"],
        ["-mcampaign"],
        ["-n", "4"],
        ["--dist=no"],
        ["--pdb"],
        ["--lf"],
    ],
    ids=str,
)
def test_a_run_that_names_its_tests_or_says_how_is_left_as_it_is(rest):
    assert dev.workers(rest) == []


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_a_fresh_clone_with_an_empty_home_sets_itself_up_once(tmp_path):
    clone, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    base = getattr(sys, "_base_executable", sys.executable)
    environment = {**os.environ, "HOME": str(home)}

    subprocess.run([base, "dev.py", "setup"], cwd=clone, env=environment, check=True)
    began = time.monotonic()
    subprocess.run([base, "dev.py", "setup"], cwd=clone, env=environment, check=True)

    assert time.monotonic() - began < 0.5
