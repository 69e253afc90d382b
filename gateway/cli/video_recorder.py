"""`wardgate video recorder ID`: what does a recorder tell of its recordings, and which token is which camera's?"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result_json
from gateway.config_faults import nearest
from gateway.core.recordings import CLOCK_OFF_S, Answer, Held, recording_of
from gateway.settings import Settings, environment, load
from gateway.video.capture.address import Networks
from gateway.video.capture.web_recorder import ask


def recorder(
    recorder: Annotated[str, typer.Argument(metavar="ID", help="A recorder of cameras.yaml.")],
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Ask a recorder for its recordings and show their tokens, for `recorder: {id, token}` at each camera.

    Exit status 0: it answered, and knows the recording of each camera that names it. 1: it does not know all of them.
    2: it told nothing.
    """
    settings = load(config, environment())
    asked = settings.recorders.get(recorder)
    if asked is None:
        fail(f"there is no recorder {recorder!r} in cameras.yaml{nearest(recorder, settings.recorders)}", COULD_NOT_RUN)
    wanted = _wanted(settings, recorder)
    tokens = tuple(token for token in wanted.values() if token is not None)
    with ThreadPoolExecutor(1) as names:
        answer = asyncio.run(ask(asked, tokens, Networks(settings.video.networks), names))
    of = {camera: recording_of(answer, token) for camera, token in wanted.items()}
    missing = sorted(camera for camera, held in of.items() if held is None)
    if as_json:
        result_json(_json(answer, wanted, missing))
    elif answer.trouble is None:
        _show(answer, wanted, missing)
    if answer.trouble is not None:
        fail(f"{recorder}: {answer.detail}", COULD_NOT_RUN)
    if missing:
        raise typer.Exit(FOUND_WRONG)


def _wanted(settings: Settings, recorder: str) -> dict[str, str | None]:
    """The cameras that it records by configuration, with their tokens."""
    cameras = settings.cameras.values()
    return {
        one.id: one.recorder.token for one in cameras if one.recorder is not None and one.recorder.recorder == recorder
    }


def _camera_of(held: Held, wanted: dict[str, str | None]) -> str:
    return ", ".join(camera for camera, token in wanted.items() if token is None or token in held.tokens)


def _json(answer: Answer, wanted: dict[str, str | None], missing: list[str]) -> dict[str, object]:
    return {
        "trouble": answer.trouble,
        "detail": answer.detail,
        "clock_ahead_s": answer.clock_ahead_s,
        "cut": answer.is_cut,
        "recordings": [
            {
                "token": held.token,
                "source": held.source_token or held.source,
                "name": held.name,
                "status": held.status,
                "earliest": _iso(held.earliest),
                "latest": _iso(held.latest),
                "camera": _camera_of(held, wanted) or None,
            }
            for held in answer.held
        ],
        "not_listed": missing,
    }


def _show(answer: Answer, wanted: dict[str, str | None], missing: list[str]) -> None:
    console = Console()
    table = Table("Token", "Source", "Name", "Status", "Earliest", "Latest", "Camera", box=None, pad_edge=False)
    for held in answer.held:
        # As `Text`: what a recorder says is no markup, however it is written.
        said = (held.token, held.source_token or held.source, held.name, held.status.value)
        times = (_iso(held.earliest) or "", _iso(held.latest) or "")
        table.add_row(*(Text(_plain(cell)) for cell in (*said, *times, _camera_of(held, wanted))))
    console.print(table)
    count = len(answer.held)
    console.print(
        f"{count} recordings{', and more than are looked at' if answer.is_cut else ''}; times by its own clock"
    )
    if answer.clock_ahead_s is None:
        console.print("it does not tell its clock")
    elif abs(answer.clock_ahead_s) > CLOCK_OFF_S:
        way = "ahead" if answer.clock_ahead_s > 0 else "behind"
        console.print(f"its clock is {abs(answer.clock_ahead_s):.0f} s {way}: set its time source right")
    for camera in missing:
        console.print(f"it knows no recording of {camera}: put one of these tokens into cameras.yaml")


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
