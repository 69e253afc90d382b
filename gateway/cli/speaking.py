"""How every command answers: words on standard error, results on standard output, and one of three exit statuses."""

import json
import sys
from typing import Any, NoReturn

import typer

FOUND_WRONG = 1
COULD_NOT_RUN = 2


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def result(text: str) -> None:
    """A line of the result."""
    print(text, flush=True)


def result_json(value: Any) -> None:
    """The result for a script: one JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), flush=True)


def fail(text: str, status: int = FOUND_WRONG) -> NoReturn:
    """End the command with words and a status."""
    say(f"wardgate: {text}")
    raise typer.Exit(status)
