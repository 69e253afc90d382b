"""`wardgate video check`: is this camera, file or folder of pictures healthy, and if not, what is wrong since when?"""

from __future__ import annotations

import asyncio
import getpass
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.cli.options import JsonOption
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result_json, say
from gateway.core.cameras import Finding
from gateway.video.capture import examiner
from gateway.video.examined import CannotExamine, examined
from gateway.video.eye_watch import Watched, watch_address

SETTLE_S = 8.0
SECONDS = 30.0

SAYS = {
    Finding.SIGNAL_LOSS: "no picture, or only a slate",
    Finding.BLACK: "black",
    Finding.OVEREXPOSED: "too bright to show anything",
    Finding.UNDEREXPOSED: "too dark to show anything",
    Finding.BLUR: "out of focus",
    Finding.OCCLUSION: "something covers the view",
    Finding.MOVED: "it looks elsewhere",
    Finding.FREEZE: "the picture stands still",
    Finding.NOISE: "grain over the picture",
    Finding.STRIPES: "stripes over the picture",
    Finding.COLOR_CAST: "wrong colours",
    Finding.LOW_CONTRAST: "washed out, as in fog",
    Finding.FLICKER: "brightness flickers",
    Finding.CORRUPTION: "broken blocks in the picture",
    Finding.SHAKE: "it shakes",
    Finding.LOW_FPS: "too few pictures a second",
    Finding.GAP: "pictures were missing for a while",
    Finding.STALE_TIMESTAMP: "its clock stands or is wrong",
    Finding.WRONG_RESOLUTION: "pictures have another size",
}


def check(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A video file, a folder of JPEGs, or an address.")],
    as_json: JsonOption = False,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps", min=0.1, max=60, help="Pictures looked at a second; of a folder, how far apart they are."
        ),
    ] = None,
    settle: Annotated[
        float, typer.Option("--settle", metavar="S", min=0, max=3600, help="So many seconds are the healthy look.")
    ] = SETTLE_S,
    reference: Annotated[
        Path | None, typer.Option("--reference", metavar="FILE", help="A picture or clip that is the healthy look.")
    ] = None,
    timing: Annotated[
        Path | None,
        typer.Option("--timing", metavar="FILE", help='When pictures came: {"pts_s": […], "received_s": […]}.'),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            metavar="S",
            min=1,
            max=86400,
            help="An address is watched for so long (30 s); a file should last so long.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="DIR", help="Put a picture of each change there, the healthy look beside it."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            "--network", metavar="CIDR", help="An address has to be in one of these; else only its own host is."
        ),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Who asks the camera.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="Its password; else it is asked for.")
    ] = None,
) -> None:
    """Look at a camera's pictures and tell every finding that begins or ends.

    The first 8 seconds (--settle), or the reference, are what the camera looks like when it is well. Exit status 0:
    healthy. 1: findings. 2: there is nothing that can be looked at.
    """
    if save is not None:
        _make_folder(save)
    if _is_address(source):
        if timing is not None:
            fail("--timing is for files: what comes from an address has its own times", COULD_NOT_RUN)
        watched = Watched(
            url=source,
            user=user or "",
            password=_password(user, password_file),
            networks=tuple(network or ()),
            seconds=seconds or SECONDS,
            settle_s=settle,
            fps=fps or 5.0,
            reference=reference,
            evidence=save is not None,
        )
        steps = watch_address(watched)
    else:
        request = examiner.Request(
            path=source,
            fps=fps,
            settle_s=settle,
            reference=None if reference is None else str(reference),
            timing=None if timing is None else str(timing),
            evidence=save is not None,
            until_s=seconds,
        )
        steps = examined(request)
    telling = _Json(save) if as_json else _ForPeople(source, save)
    try:
        asyncio.run(_tell(steps, telling))
    except CannotExamine as error:
        telling.close()
        fail(str(error), COULD_NOT_RUN)
    except KeyboardInterrupt:
        telling.close()
        fail("stopped", COULD_NOT_RUN)
    telling.close()
    if telling.findings:
        raise typer.Exit(FOUND_WRONG)


def _is_address(source: str) -> bool:
    return "://" in source[:12]


def _password(user: str | None, file: Path | None) -> str:
    if user is None:
        return ""
    if file is None:
        return getpass.getpass(f"Password of {user}: ")
    try:
        return file.read_text("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError):
        fail(f"{file}: the password cannot be read", COULD_NOT_RUN)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder}: {error.strerror}", COULD_NOT_RUN)


async def _tell(steps: AsyncIterator[examiner.Message], telling: _Telling) -> None:
    async for step in steps:
        if isinstance(step, examiner.Line):
            telling.line(step)
        elif isinstance(step, examiner.Progress):
            telling.progress(step)
        elif isinstance(step, examiner.Summary):
            telling.summary(step)


class _Telling:
    """What both ways of telling have in common."""

    def __init__(self, save: Path | None) -> None:
        self.findings: list[str] = []
        self._save = save

    def line(self, line: examiner.Line) -> None:
        if line.raised and line.finding not in self.findings:
            self.findings.append(line.finding)
        if self._save is not None:
            name = f"{line.t_s:08.1f}-{line.finding}-{_state(line)}"
            for ending, picture in (("", line.picture), ("-reference", line.reference)):
                if picture is not None:
                    (self._save / f"{name}{ending}.jpg").write_bytes(picture)

    def progress(self, progress: examiner.Progress) -> None:
        pass

    def summary(self, summary: examiner.Summary) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class _Json(_Telling):
    def line(self, line: examiner.Line) -> None:
        super().line(line)
        result_json(
            {
                "t_s": round(line.t_s, 3),
                "finding": line.finding,
                "state": _state(line),
                "value": _number(line.value),
                "threshold": _number(line.threshold),
            }
        )

    def summary(self, summary: examiner.Summary) -> None:
        result_json(
            {
                "summary": {
                    "frames": summary.frames,
                    "seconds": round(summary.seconds, 3),
                    "findings": list(summary.findings),
                }
            }
        )


class _ForPeople(_Telling):
    def __init__(self, source: str, save: Path | None) -> None:
        super().__init__(save)
        self._table = Table("Time", "Finding", "", "Value", "Limit", box=None, pad_edge=False)
        # The bar goes where words go, so that the result can be kept in a file.
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[pictures]} pictures"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(_short(source), total=None, pictures=0)
        self._bar.start()

    def line(self, line: examiner.Line) -> None:
        super().line(line)
        said = SAYS[Finding(line.finding)] if line.raised else "is over"
        self._table.add_row(_time(line.t_s), line.finding, said, f"{line.value:.3g}", f"{line.threshold:.3g}")

    def progress(self, progress: examiner.Progress) -> None:
        self._bar.update(self._task, completed=progress.frames, total=progress.count, pictures=progress.frames)

    def summary(self, summary: examiner.Summary) -> None:
        self._bar.stop()
        console = Console()
        if self._table.row_count:
            console.print(self._table)
        seen = f"{summary.frames} pictures, {_time(summary.seconds)}"
        bad = f", {summary.bad} of them broken" if summary.bad else ""
        if summary.findings:
            console.print(f"{len(summary.findings)} findings in {seen}{bad}: {', '.join(summary.findings)}")
        else:
            console.print(f"healthy: {seen}{bad}")
        if summary.ended_s is not None:
            console.print(f"its last picture is at {_time(summary.ended_s)}; it should last {_time(summary.seconds)}")
        if self._save is not None and self._table.row_count:
            say(f"pictures of it are in {self._save}")

    def close(self) -> None:
        self._bar.stop()


def _number(value: float) -> float | None:
    # JSON has no infinity.
    return round(value, 4) if math.isfinite(value) else None


def _state(line: examiner.Line) -> str:
    return "raised" if line.raised else "cleared"


def _time(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"


def _short(source: str) -> str:
    """What is looked at, without what an address may hold of secrets."""
    if not _is_address(source):
        return Path(source).name
    return urlsplit(source).hostname or "camera"
