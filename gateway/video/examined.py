"""Starts the process that looks at a file (`gateway.video.capture.examiner`) and hears what it says.

Promises: a file that aborts, hangs or fills its process becomes `CannotExamine` with a sentence; the process is gone
afterwards. Leaves to others: telling people.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import msgspec

from gateway.video import child_process
from gateway.video.capture import examiner, wire

SILENT_S = 60.0
"""A second of a large clip takes a few seconds on a slow machine; a process that says nothing for so long hangs."""

_messages = msgspec.msgpack.Decoder(examiner.Message)


class CannotExamine(Exception):
    """Nothing can be looked at, or no longer. The text says what happened and, where it can, what to do."""


async def examined(request: examiner.Request) -> AsyncIterator[examiner.Message]:
    """The examiner's messages, from the first to the summary."""
    process = await asyncio.create_subprocess_exec(
        *child_process.command("gateway.video.capture.examiner"),
        env=child_process.environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(request))
        process.stdin.close()
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    message = _messages.decode(await wire.read(process.stdout))
            except TimeoutError:
                raise CannotExamine(f"{request.path}: the decoder hung on it and was ended") from None
            except (EOFError, wire.TooLong, msgspec.DecodeError):
                raise CannotExamine(await _how_it_ended(request, process)) from None
            if isinstance(message, examiner.Unreadable):
                raise CannotExamine(message.why)
            yield message
            if isinstance(message, examiner.Summary):
                return
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _how_it_ended(request: examiner.Request, process: asyncio.subprocess.Process) -> str:
    status = await process.wait()
    if status < 0:
        how = signal.Signals(-status).name
        return f"{request.path}: its content ended the decoder ({how}); it is damaged, or made to do that"
    return f"{request.path}: the decoder ended without a word (status {status})"
