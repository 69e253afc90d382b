"""`python -m gateway.video.capture`: the eye, as `gateway.video.eye` starts it. Speaks msgpack over its pipes.

The zygote is forked off before anything else is loaded, so that it has neither threads nor an event loop.
"""

import os
import signal
import socket
import sys

from gateway.video.capture import limits, tasks, zygote

NICER = 15
"""Taps come before pictures: where both want a core, the gateway gets nearly all of it. A look that comes too late is
on record as missed and is looked after again; somebody who stands at a gate has only this moment."""

MEMORY_MB = 4096
"""Of the process that fetches, addresses and not pages: 64 threads that wait for names alone reserve 512."""

FILES = 4096


def _load() -> zygote.Work:
    from gateway.video.capture import live, looking

    looking.load()

    def work(sock: socket.socket, kind: str) -> None:
        {tasks.LOOK: looking.work, tasks.LIVE: live.work}[kind](sock)

    return work


def main() -> None:
    """Run until the gateway's end of the pipe closes."""
    # Ctrl-C at a terminal reaches the gateway, which then ends us in its own order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits.no_core_dumps()
    limits.no_new_rights()
    os.nice(NICER)
    # Before numpy is loaded: one thread, and no proxy for anything that asks the environment.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    os.putenv("OMP_NUM_THREADS", "1")
    os.putenv("OPENCV_LOG_LEVEL", "SILENT")
    os.putenv("OPENCV_FFMPEG_LOGLEVEL", "-8")
    control, _ = zygote.start(_load)

    limits.hold_all_to(MEMORY_MB, FILES)

    import asyncio

    from gateway.video.capture.seeing import see

    asyncio.run(see(control, sys.stdin.fileno(), sys.stdout.fileno()))


if __name__ == "__main__":
    main()
