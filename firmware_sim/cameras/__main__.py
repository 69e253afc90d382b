"""The command line: `python -m firmware_sim.cameras serve …`, `pipe …`, `picture …`.

`pipe` writes frames to standard output for whoever makes a stream of them. With `--control` it reads what is to go
wrong from standard input, a JSON object a line: {"class": "black", "severity": 3, "seconds": 20, "look": "", "amount":
null}, {"clear": "black"} or {"clear": null}. Exit status 0, or 2 if it could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.grounds import KINDS
from firmware_sim.cameras.light import moment
from firmware_sim.cameras.signing_in import Door
from firmware_sim.cameras.site import Cameras
from firmware_sim.cameras.spells import FAULTS, HARMLESS

FORMATS = ("bgr", "i420", "jpeg")
IDLE_S = 0.05
"""How often a camera that sends nothing is asked again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry one command out."""
    options = _parser().parse_args(arguments)
    import cv2

    cv2.setNumThreads(1)
    try:
        return int(options.command(options))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _camera(options: argparse.Namespace, number: int = 0) -> Camera:
    width, _, height = options.size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise ValueError("--size: expected WIDTHxHEIGHT")
    kind = options.kind or KINDS[number % len(KINDS)]
    name = options.name if options.count == 1 else f"{options.name}-{number + 1}"
    return Camera(name, kind, options.seed + number, int(width), int(height), fps=options.fps)


def _site(options: argparse.Namespace) -> Cameras:
    ahead_s = 0.0 if options.hour is None else moment(options.hour) - time.time()
    return Cameras([_camera(options, number) for number in range(options.count)], lambda: time.time() + ahead_s)


def _serve(options: argparse.Namespace) -> int:
    async def live() -> None:
        from firmware_sim.cameras.server import CameraServer

        door = None
        if options.user:
            door = Door(options.user, options.password_file.read_text("utf-8").strip(), options.auth)
        server = CameraServer(_site(options), port=options.port, door=door)
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with server:
            for camera in server.cameras:
                print(server.url(camera.id), server.url(camera.id, "stream.mjpg"), flush=True)
            await stopped.wait()

    asyncio.run(live())
    return 0


def _pipe(options: argparse.Namespace) -> int:
    site = _site(options)
    (camera,) = site
    if options.control:
        threading.Thread(target=_listen, args=(site, camera.id, sys.stdin), daemon=True).start()
    for said in options.fault:
        _plan(site, camera, said)
    began_t, began_s = site.clock(), time.monotonic()
    due_s = 0.0
    while options.seconds is None or due_s < options.seconds - 1e-9:
        if not options.fast:
            # Whoever reads too slowly gets fewer frames, and not older ones.
            due_s = max(due_s, time.monotonic() - began_s - 1.0)
            time.sleep(max(0.0, began_s + due_s - time.monotonic()))
        t = began_t + due_s
        site.settle()
        payload = _frame(camera, t, options.format)
        if payload is not None:
            try:
                sys.stdout.buffer.write(payload)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                return 0
        pause_s = camera.pause_s(t)
        due_s += IDLE_S if pause_s is None else pause_s
    return 0


def _frame(camera: Camera, t: float, kind: str) -> bytes | None:
    if kind == "jpeg":
        shot = camera.shot(t)
        return shot.jpeg if shot else None
    import cv2

    image = camera.picture(t)
    if image is None:
        return None
    # A pipe of raw frames has one size for good: another one is for the ways out that say their size.
    if image.shape[:2] != (camera.height, camera.width):
        image = cv2.resize(image, (camera.width, camera.height))
    if kind == "i420":
        image = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
    return bytes(image.tobytes())


def _plan(site: Cameras, camera: Camera, said: str) -> None:
    """CLASS[:FROM[:TO[:SEVERITY[:LOOK]]]], seconds from now."""
    from firmware_sim.cameras.spells import Spell

    parts = [*said.split(":"), "", "", "", ""]
    now = site.clock()
    from_s = now + float(parts[1] or 0)
    to_s = now + float(parts[2]) if parts[2] else float("inf")
    camera.put(Spell(camera.id, parts[0], from_s, to_s, int(parts[3] or 3), parts[4]))


def _listen(site: Cameras, camera: str, lines: IO[str]) -> None:
    for line in lines:
        try:
            said: dict[str, Any] = json.loads(line)
            if "clear" in said:
                site.clear(camera, said["clear"])
            else:
                site.fault(
                    camera, said["class"], said.get("severity", 3), said.get("seconds"), said.get("look") or "",
                    said.get("amount"),
                )  # fmt: skip
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            print(f"{line.strip()}: {error}", file=sys.stderr, flush=True)


def _picture(options: argparse.Namespace) -> int:
    site = _site(options)
    (camera,) = site
    for said in options.fault:
        _plan(site, camera, said)
    shot = camera.shot(site.clock() + options.after)
    if shot is None:
        raise ValueError("no picture comes from this camera now")
    options.file.write_bytes(shot.jpeg)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.cameras", description="Simulated cameras.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    what = argparse.ArgumentParser(add_help=False)
    what.add_argument("--kind", choices=KINDS, help="which place; with several cameras they take turns")
    what.add_argument("--seed", type=int, default=1)
    what.add_argument("--size", default="640x360", metavar="WIDTHxHEIGHT")
    what.add_argument("--fps", type=float, default=10.0)
    what.add_argument("--name", default="camera")
    what.add_argument("--hour", type=float, help="the local hour it is, like 18.5; else now")
    fault = argparse.ArgumentParser(add_help=False)
    fault.add_argument(
        "--fault", action="append", default=[], metavar="CLASS[:FROM[:TO[:SEVERITY[:LOOK]]]]",
        help=f"what goes wrong, from and to in seconds from now: {', '.join((*FAULTS, *HARMLESS))}",
    )  # fmt: skip

    serve = commands.add_parser("serve", parents=[what], help="pictures and streams over HTTP on loopback")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--count", type=int, default=5)
    serve.add_argument("--user", help="whoever asks must sign in")
    serve.add_argument("--password-file", type=Path)
    serve.add_argument("--auth", choices=("basic", "digest"), default="digest")
    serve.set_defaults(command=_serve)

    pipe = commands.add_parser("pipe", parents=[what, fault], help="frames to standard output")
    pipe.add_argument("--format", choices=FORMATS, default="bgr", help="raw frames or JPEGs one after the other")
    pipe.add_argument("--seconds", type=float, help="how long; else for ever")
    pipe.add_argument("--fast", action="store_true", help="as fast as it is read, not at the camera's rate")
    pipe.add_argument("--control", action="store_true", help="faults from standard input, a JSON object a line")
    pipe.set_defaults(command=_pipe, count=1)

    picture = commands.add_parser("picture", parents=[what, fault], help="one JPEG")
    picture.add_argument("file", type=Path)
    picture.add_argument("--after", type=float, default=0.0, help="seconds from now")
    picture.set_defaults(command=_picture, count=1)
    return parser


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
