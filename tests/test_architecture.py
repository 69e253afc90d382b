"""Keeps the house as it was drawn: who may import whom, where the outside world is known, what an import may do.

Each rule is a function from sources to findings, so that a broken variant of the house can be shown to it as well: a
rule that catches nothing is no rule.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gateway", "devices", "firmware_sim")

# What each layer may import of ours. What is not named here (gateway.app, gateway.cli, …) sees everything.
GROUND = ("gateway.core", "gateway.flows", "devices", "gateway.settings")
MAY_IMPORT = {
    "gateway.core": ("gateway.core",),
    "gateway.flows": ("gateway.core", "gateway.flows", "devices"),
    "gateway.mqtt": (*GROUND, "gateway.mqtt"),
    "gateway.store": (*GROUND, "gateway.store"),
    "gateway.video": (*GROUND, "gateway.video"),
    "gateway.web": (*GROUND, "gateway.web"),
    "gateway.notices": (*GROUND, "gateway.notices"),
    "gateway.printing": (*GROUND, "gateway.printing"),
    "gateway.reports": (*GROUND, "gateway.reports"),
    "devices": ("devices",),
    "firmware_sim": ("firmware_sim", "devices"),
}

# Foreign packages that only one place knows; the rest of the house keeps its freedom to replace them.
KNOWN_ONLY_IN = {
    "paho": ("devices.link",),
    "sqlalchemy": ("gateway.store",),
    "alembic": ("gateway.store",),
    "psycopg": ("gateway.store",),
    "sqlite3": ("gateway.store",),
    "jinja2": ("gateway.web",),
    "apprise": ("gateway.notices",),
    "typer": ("gateway.cli", "gateway.__main__", "firmware_sim"),
}

# cv2 needs libraries that a bare server lacks; imported late, the rest runs without it. One package is made of nothing
# but its calls: there it stands at the top, and the package itself is imported late.
IMPORTED_LATE = ("cv2", "gateway.video.checks")
MADE_OF_WHAT_IS_LATE = ("gateway.video.checks",)

# Standard modules with a clock, chance, or a way out; the core has none of the three.
NOT_IN_CORE = frozenset(
    {"asyncio", "concurrent", "ctypes", "http", "importlib", "io", "logging", "multiprocessing", "os", "pathlib"}
    | {"random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile"}
    | {"threading", "time", "urllib"}
)
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})

READS_THE_ENVIRONMENT = ("gateway.settings",)

NAMES_THAT_SAY_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc"})


@dataclass(frozen=True)
class Source:
    module: str
    tree: ast.Module

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """All of it, walked once for every rule."""
        return list(ast.walk(self.tree))

    @functools.cached_property
    def imports(self) -> list[Imported]:
        return list(imports_of(self))


@dataclass(frozen=True)
class Imported:
    by: str
    line: int
    name: str
    at_top: bool


# --- the rules --------------------------------------------------------------------------------------------------------


def imports_against_the_direction(house: list[Source]) -> list[str]:
    layers = sorted(MAY_IMPORT, key=len, reverse=True)
    findings = []
    for found in all_imports(house):
        layer = next((name for name in layers if is_within(found.by, name)), None)
        if layer is None or not is_within_any(found.name, PACKAGES):
            continue
        if not is_within_any(found.name, MAY_IMPORT[layer]):
            findings.append(f"{found.by}:{found.line} imports {found.name}: {layer} may not")
    return findings


def imports_of_what_sees_everything(house: list[Source]) -> list[str]:
    allowed = {
        "gateway.app": ("gateway.__main__", "gateway.cli", "gateway.demo"),
        "gateway.cli": ("gateway.__main__", "gateway.cli"),
    }
    return [
        f"{found.by}:{found.line} imports {found.name}: only the command line may"
        for found in all_imports(house)
        for top, by in allowed.items()
        if is_within(found.name, top) and not is_within_any(found.by, (*by, top))
    ]


def foreign_imports_in_core(house: list[Source]) -> list[str]:
    return [
        f"{found.by}:{found.line} imports {found.name}: the core has the standard library, less its ways out"
        for found in all_imports(house)
        if is_within(found.by, "gateway.core")
        and not is_within(found.name, "gateway")
        and (first_part(found.name) not in sys.stdlib_module_names or first_part(found.name) in NOT_IN_CORE)
    ]


def impure_code_in_core(house: list[Source]) -> list[str]:
    findings = []
    for source in house:
        if not is_within(source.module, "gateway.core"):
            continue
        for node in source.nodes:
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                findings.append(f"{source.module}:{node.lineno} awaits")
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
                    findings.append(f"{source.module}:{node.lineno} asks a clock: time is an argument")
                if isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input"):
                    findings.append(f"{source.module}:{node.lineno} calls {node.func.id}()")
    return findings


def foreign_packages_out_of_place(house: list[Source]) -> list[str]:
    return [
        f"{found.by}:{found.line} imports {found.name}: only {' and '.join(KNOWN_ONLY_IN[first_part(found.name)])} may"
        for found in all_imports(house)
        if first_part(found.name) in KNOWN_ONLY_IN
        and not is_within_any(found.by, KNOWN_ONLY_IN[first_part(found.name)])
    ]


def early_imports_of_what_must_come_late(house: list[Source]) -> list[str]:
    return [
        f"{found.by}:{found.line} imports {found.name} at the top: the rest must run without it"
        for found in all_imports(house)
        if is_within_any(found.name, IMPORTED_LATE)
        and found.at_top
        and not is_within_any(found.by, MADE_OF_WHAT_IS_LATE)
    ]


def environment_read_out_of_place(house: list[Source]) -> list[str]:
    findings = []
    for source in house:
        if is_within_any(source.module, READS_THE_ENVIRONMENT):
            continue
        for node in source.nodes:
            named = (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")) or (
                isinstance(node, ast.ImportFrom)
                and node.module == "os"
                and any(alias.name in ("environ", "getenv", "environb") for alias in node.names)
            )
            if named:
                findings.append(
                    f"{source.module}:{node.lineno} reads the environment: only {READS_THE_ENVIRONMENT} may"
                )
    return findings


def modules_that_do_not_say_what_they_are(house: list[Source]) -> list[str]:
    unsaid = [f"{source.module} opens without a docstring" for source in house if needs_words(source)]
    empty_names = [
        f"{source.module}: find a name that says what it is"
        for source in house
        if source.module.rpartition(".")[2] in NAMES_THAT_SAY_NOTHING
    ]
    return unsaid + empty_names


def needs_words(source: Source) -> bool:
    return bool(source.tree.body) and ast.get_docstring(source.tree) is None


RULES: dict[Callable[[list[Source]], list[str]], list[dict[str, str]]] = {
    imports_against_the_direction: [
        {"gateway.core.world": "from gateway.flows import card_tap"},
        {"gateway.core.world": "from devices.messages import Tap"},
        {"gateway.flows.card_tap": "import gateway.store.ledger"},
        {"gateway.mqtt.router": "from gateway.store import writer"},
        {"gateway.flows.visit": "def later():\n    from gateway.web import stream"},
        {"gateway.mqtt.router": "from ..web import stream"},
        {"devices.codec": "from gateway.core import decide"},
        {"firmware_sim.reader": "import gateway.core.hashes"},
        {"devices.codec": "import firmware_sim"},
        {"gateway.web.api": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gateway.mqtt import link"},
    ],
    imports_of_what_sees_everything: [
        {"gateway.web.api": "from gateway.app import Gateway"},
        {"gateway.app": "import gateway.cli.demo"},
        {"gateway.settings": "from gateway import app"},
    ],
    foreign_imports_in_core: [
        {"gateway.core.facts": "import msgspec"},
        {"gateway.core.facts": "from time import monotonic"},
        {"gateway.core.facts": "import os.path"},
    ],
    impure_code_in_core: [
        {"gateway.core.level": "from datetime import datetime\ndef at():\n    return datetime.now()"},
        {"gateway.core.level": "async def decide(): ..."},
        {"gateway.core.level": "def rules():\n    return open('policy')"},
    ],
    foreign_packages_out_of_place: [
        {"gateway.mqtt.link": "import paho.mqtt.client as mqtt"},
        {"gateway.app": "from sqlalchemy import create_engine"},
        {"gateway.flows.visit": "import sqlite3"},
    ],
    early_imports_of_what_must_come_late: [
        {"gateway.video.eye": "import cv2"},
        {"gateway.video.eye": "from gateway.video.checks import look"},
    ],
    environment_read_out_of_place: [
        {"gateway.web.server": "import os\nport = os.environ['PORT']"},
        {"gateway.web.server": "from os import getenv"},
        {"firmware_sim.campus": "import os\nseed = os.getenv('SEED')"},
    ],
    modules_that_do_not_say_what_they_are: [
        {"gateway.web.server": "PORT = 1"},
        {"devices.utils": '"""Things."""'},
    ],
}


@pytest.fixture(scope="session")
def house() -> list[Source]:
    sources = [
        Source(module_name(file), ast.parse(file.read_text(encoding="utf-8"), str(file)))
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
    ]
    assert len(sources) > 10, "the walk found next to nothing: is this the whole checkout?"
    return sources


@pytest.mark.xdist_group("the house")  # read once
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_has_no(rule, house):
    assert rule(house) == []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [(rule, broken) for rule, variants in RULES.items() for broken in variants],
    ids=lambda value: value.__name__ if callable(value) else next(iter(value)),
)
def test_a_broken_house_is_caught_with(rule, broken):
    sources = [Source(module, ast.parse(text)) for module, text in broken.items()]

    assert len(rule(sources)) == 1


# --- an import does nothing -------------------------------------------------------------------------------------------

# Alembic runs this file itself, inside a context that it makes; nobody imports it.
RUN_BY_OTHERS = ("env",)

IMPORT_PROBE = """
import importlib, json, sys, threading
ours, names = tuple(json.loads(sys.argv[1])), json.loads(sys.argv[2])
deeds, current = [], ""
watched = ("open", "socket.connect", "socket.bind", "subprocess.Popen", "os.system", "sqlite3.connect", "os.putenv",
           "_thread.start_new_thread", "os.mkdir", "os.remove", "os.rename", "signal.signal")

def hook(event, arguments):
    if event not in watched:
        return
    # Whose deed is it? The import system opens our files and a library may open its own: an importlib frame is met
    # before one of ours then.
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or (event == "open" and "site-packages" in file):
            return
        if file.startswith(ours):
            deeds.append(f"{current}: {event} in {frame.f_code.co_name}, line {frame.f_lineno}")
            return
        frame = frame.f_back

sys.addaudithook(hook)
for name in names:
    current = name
    before = threading.active_count()
    importlib.import_module(name)
    if threading.active_count() != before:
        deeds.append(f"{name}: a thread runs after the import")
print(json.dumps(deeds))
"""


def deeds_of_importing(folder: Path, names: list[str]) -> list[str]:
    own = json.dumps([f"{folder / package}/" for package in PACKAGES])
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_PROBE, own, json.dumps(names)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_any_module_does_nothing(house):
    names = [
        source.module
        for source in house
        if not (source.module.startswith("gateway.store") and source.module.rpartition(".")[2] in RUN_BY_OTHERS)
    ]

    assert deeds_of_importing(ROOT, names) == []


@pytest.mark.parametrize(
    "does",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
        "from pathlib import Path\nHERE = Path(__file__).read_text()",
        "import sqlite3\nsqlite3.connect(':memory:')",
        "import socket\nsocket.create_server(('127.0.0.1', 0))",
    ],
    ids=["thread", "file", "database", "socket"],
)
def test_an_import_that_does_something_is_caught(tmp_path, does):
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "__init__.py").write_text("")
    (tmp_path / "devices" / "busy.py").write_text(does)

    assert deeds_of_importing(tmp_path, ["devices.busy"]) != []


# --- nothing of one machine in the files ------------------------------------------------------------------------------

# Spelled in pieces, or this file would be its own first finding.
REGISTRIES = tuple(
    "".join(pieces)
    for pieces in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("npm", "mirror.com"),
        ("deb.", "debian.org"),
        ("archive.", "ubuntu.com"),
    )
)
OWN_FOLDERS = re.compile(r"(?<![\w.~/$}-])/(?:home|root|Users|work)/[\w.-]+")


def traces_of_one_machine(text: str) -> list[str]:
    """Download hosts, home folders, this checkout's place and this machine's name."""
    findings = [host for host in REGISTRIES if host in text]
    findings += OWN_FOLDERS.findall(text)
    for own in (str(ROOT), str(Path.home())):
        # "/" and "/app" are words that a file may well use.
        if own.count("/") > 1 and own in text:
            findings.append(own)
    name = socket.gethostname()
    if len(name) >= 8 and name not in ("localhost", "wardgate", "debian", "ubuntu") and name in text:
        findings.append(name)
    return findings


def tracked_files() -> Iterator[Path]:
    """What git tracks or would; in a source archive without git everything outside the tools' own folders."""
    of_git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(of_git, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        made = {"node_modules", "__pycache__", "dist", "build"}
        files = [
            file
            for file in ROOT.rglob("*")
            if not any(part in made or (part[0] == "." and part != ".ci") for part in file.relative_to(ROOT).parts[:-1])
        ]
    yield from (file for file in files if file.is_file())


def test_no_file_knows_this_machine_or_a_download_host():
    findings = {}
    for file in tracked_files():
        try:
            found = traces_of_one_machine(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        if found:
            findings[str(file.relative_to(ROOT))] = found

    assert findings == {}


@pytest.mark.parametrize(
    "text",
    [
        "resolved: " + REGISTRIES[0] + "/simple",
        "see /" + "home/somebody/wardgate for it",
        f"cd {ROOT}" if str(ROOT).count("/") > 1 else "cd /" + "root/wardgate",
    ],
)
def test_a_trace_of_one_machine_is_caught(text):
    assert traces_of_one_machine(text) != []


# --- walking ----------------------------------------------------------------------------------------------------------


def all_imports(house: list[Source]) -> Iterator[Imported]:
    """Every import of every module, at the top or inside a function, with relative ones spelled out."""
    return itertools.chain.from_iterable(source.imports for source in house)


def imports_of(source: Source) -> Iterator[Imported]:
    inside_functions: set[int] = set()
    for node in source.nodes:  # from the outside inwards: what is inside one has been taken with it
        is_inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(node)
        if is_inner and id(node) not in inside_functions:
            inside_functions |= {id(inner) for inner in ast.walk(node)}
    for node in source.nodes:
        at_top = id(node) not in inside_functions
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(source.module, node.lineno, alias.name, at_top)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(source.module, node)
            # `from package import module` and `from module import name` look alike; where the package itself is
            # no answer (`from gateway import app`), the longer name is.
            for alias in node.names if base in PACKAGES else [None]:
                name = base if alias is None else f"{base}.{alias.name}"
                yield Imported(source.module, node.lineno, name, at_top)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    base = module.split(".")[: -node.level]
    return ".".join([*base, node.module] if node.module else base)


def module_name(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def is_within_any(module: str, packages: tuple[str, ...]) -> bool:
    return any(is_within(module, package) for package in packages)


def first_part(module: str) -> str:
    return module.partition(".")[0]
