"""What has to be true of the words: each check is a function from texts to findings, so that a wrong text can be shown
to it as well.

Leaves to others: which files there are (`test_pages.py`) and whether what the README tells really happens
(`test_readme_steps.py`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from gateway.cli.commands import build

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SOMEBODYS_MACHINE = re.compile(r"(?<![\w.…])/(?:work|root|home|tmp|Users|private|mnt/data)/[\w./-]+")
"""Folders of one person's machine. Where a service lives (/etc, /opt, /var) is no such place."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: what stands behind the fence, and what is in it."""

    info: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(info.strip(), text) for info, text in FENCE.findall(page)]


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page)


# ---------------------------------------------------------------- names that have to be there


def missing_commands(page: str) -> list[str]:
    """Commands of the command line that the page's table does not name."""
    named = re.findall(r"^\| `(wardgate [^`]*)`", page, re.MULTILINE)
    return [
        command
        for command in commands()
        if not any(name == command or name.startswith(f"{command} ") for name in named)
    ]


def commands() -> list[str]:
    """Every command there is, such as `wardgate device enrol`."""
    return [" ".join(words) for words in _walk(_root(), ["wardgate"])]


def _walk(command: Any, words: list[str]) -> Iterator[list[str]]:
    if not hasattr(command, "commands"):
        yield words
        return
    for name, below in command.commands.items():
        yield from _walk(below, [*words, name])


def _root() -> Any:
    return typer.main.get_command(build())


def missing_settings(page: str, variables: Mapping[str, Iterable[str | int]]) -> list[str]:
    """Fields and variables without a row, and variables that stand in another field's row."""
    rows = {
        match[1]: match[2] for match in re.finditer(r"^\| `([a-z_.]+)` \|((?: `WARDGATE_[A-Z_]+`,?)+) \|", page, re.M)
    }
    return [
        variable
        for variable, place in variables.items()
        if f"`{variable}`" not in rows.get(".".join(str(part) for part in place), "")
    ]


def missing_names(page: str, names: Iterable[str]) -> list[str]:
    """Names that nowhere on the page stand in code marks, alone or at the head of a list."""
    return [name for name in names if not re.search(rf"`{re.escape(name)}(?:\[\])?(?:`|:)", page)]


def wrong_alarms(page: str, priorities: Mapping[str, str]) -> list[str]:
    """Conditions whose row is missing, has another priority, or does not say what to do; and rows of none."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (high|medium|low) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    said = {name: priority for name, priority, means, do in rows if means.strip() and do.strip()}
    return sorted(
        {name for name, priority in priorities.items() if said.get(name) != priority}
        | (said.keys() - priorities.keys())
    )


def missing_rows(page: str, written: Mapping[str, Iterable[str]]) -> list[str]:
    """Kinds of ledger rows without a section, fields that their section does not name, and sections of no kind."""
    parts = re.split(r"^### `([a-z_]+)`$", page, flags=re.MULTILINE)
    sections = {kind: text.split("\n## ")[0] for kind, text in zip(parts[1::2], parts[2::2], strict=True)}
    findings = [kind or "a row whose kind cannot be told" for kind in written if kind not in sections]
    findings += [f"{kind} is written by nobody" for kind in sections if kind not in written]
    for kind, fields in written.items():
        text = sections.get(kind, "")
        findings += [f"{kind}.{name}" for name in fields if kind in sections and not re.search(rf"`{name}`", text)]
    return sorted(findings)


# ---------------------------------------------------------------- what must be right wherever it stands


def broken_links(pages: Mapping[Path, str]) -> list[str]:
    """Relative links to no file, or to no heading of it."""
    findings = []
    for path, page in pages.items():
        for target in LINK.findall(prose(page)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            other = (path.parent / name).resolve() if name else path.resolve()
            if not other.exists():
                findings.append(f"{path.name}: {target}")
            elif anchor and other.suffix == ".md":
                text = next((text for known, text in pages.items() if known.resolve() == other), None)
                text = other.read_text("utf-8") if text is None else text
                if anchor not in anchors(text):
                    findings.append(f"{path.name}: {target}")
    return findings


def anchors(page: str) -> set[str]:
    """The anchors that a page's headings get."""
    seen: dict[str, int] = {}
    found = set()
    for heading in HEADING.findall(prose(page)):
        text = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = seen.get(text, 0)
        seen[text] = number + 1
        found.add(f"{text}-{number}" if number else text)
    return found


def places_of_one_machine(page: str) -> list[str]:
    """Absolute paths that exist on somebody's machine only."""
    return SOMEBODYS_MACHINE.findall(page)


def wrong_commands(page: str) -> list[str]:
    """Lines `wardgate …` in blocks and code marks that the command line would not take."""
    findings = []
    for line in command_lines(page):
        fault = fault_of(line)
        if fault is not None:
            findings.append(f"{line}: {fault}")
    return findings


def command_lines(page: str) -> list[str]:
    """Every command line of ours in a page's blocks, and those code marks in its text that are to be typed."""
    lines = [
        found
        for block in blocks(page)
        if block.info in ("", "sh", "bash", "console", "text")
        for line in block.text.splitlines()
        for found in _ours(line)
    ]
    known = commands()
    marks = re.findall(r"`(wardgate [a-z-]+[^`]*)`", prose(page))
    # A command that is only named, or shown with words in capitals for what goes there, is no line to be typed.
    named = [mark for mark in marks if mark in known or re.search(r"…|\[|\b[A-Z]+\b", mark)]
    faults = [mark for mark in named if not any(mark == one or mark.startswith(f"{one} ") for one in known)]
    return lines + [mark for mark in marks if mark not in named] + faults


def _ours(line: str) -> Iterator[str]:
    """The parts of a shell line that call us; comments, pipes and redirections are the shell's."""
    bare = re.sub(r"\s#\s.*$", "", line.strip())
    for part in re.split(r"\s*(?:\||&&|;|&$)\s*", re.sub(r"^\$ ", "", bare)):
        found = re.match(r"(?:sudo -u \S+ )?(?:[\w./-]*/)?(wardgate(?: .*)?)$", part)
        if found:
            yield re.sub(r"\s*[<>]\s*\S+", "", found[1]).strip()


def fault_of(line: str) -> str | None:
    """What the command line says against `line`; None if it would take it."""
    command: Any = _root()
    words = shlex.split(line)[1:]
    context = None
    name = "wardgate"
    try:
        while True:
            context = command.make_context(name, list(words), parent=context)
            if not hasattr(command, "commands"):
                return None
            name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
    except typer.Exit:
        return None  # --help, --version
    except Exception as error:
        return getattr(error, "message", None) or str(error) or type(error).__name__
