"""Pictures that the school keeps, for a guard to compare with who stands there. No program compares them.

Promises: what is kept was a JPEG or PNG of bounded size, by its own bytes and not by its name, and was drawn anew: no
larger than `SIDE` pixels, without anything else that a file may carry (place, camera, words). It is looked into by a
process of its own, which ends: a hostile file and the library's memory stay out of the gateway. Leaves to others: who
may see it (`web`).
"""

import asyncio
import contextlib
import sys
from typing import Any

from gateway.core.picture_size import jpeg_size, png_size
from gateway.flows import reading
from gateway.flows.changes import PortraitKept
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

BYTES_AT_MOST = 200 * 1024
SIDE_AT_MOST = 2_000
SIDE = 480
QUALITY = 85
WITHIN_S = 15.0
COMMIT_WITHIN_S = 5.0
APART = (
    "import sys; from gateway.flows.portraits import redraw; sys.stdout.buffer.write(redraw(sys.stdin.buffer.read()))"
)

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


class NoPicture(ValueError):
    """What was sent is no picture that can be kept; the message says why, for people."""


async def show(site: Site, person: str, by: str) -> bytes | None:
    """The picture of somebody, a JPEG; recorded. None if there is no such person or no picture."""
    holder = site.directory.with_id(person)
    jpeg = None if holder is None else await site.archive.portrait(holder.ref)
    if holder is None or jpeg is None:
        return None
    await reading.note(site, by, "portrait", 1, holder.ref)
    return jpeg


async def keep(site: Site, person: str, raw: bytes, by: str) -> bool:
    """Keep a picture of somebody; False if there is no such person. Raises `NoPicture`, `LedgerUnavailable`."""
    holder = site.directory.with_id(person)
    if holder is None:
        return False
    check(raw)
    jpeg = await _redraw_apart(raw)
    await _file(site, PortraitKept(holder.ref, jpeg, site.clock.now()), "kept", by)
    return True


async def remove(site: Site, person: str, by: str) -> bool:
    """Keep no picture of somebody any more; False if there is none. Raises `LedgerUnavailable`."""
    holder = site.directory.with_id(person)
    if holder is None or await site.archive.portrait(holder.ref) is None:
        return False
    await _file(site, PortraitKept(holder.ref, None, site.clock.now()), "removed", by)
    return True


async def _file(site: Site, change: PortraitKept, step: str, by: str) -> None:
    entry = Entry("portrait", change.at, {"holder": change.holder, "step": step, "by": by})
    await site.ledger.commit(Unit((entry,), (change,)), COMMIT_WITHIN_S)


def check(raw: bytes) -> None:
    """What can be seen without opening it: size, kind, width and height. Raises `NoPicture`."""
    if len(raw) > BYTES_AT_MOST:
        raise NoPicture(f"the picture is larger than {BYTES_AT_MOST // 1024} KB: make it smaller")
    if raw.startswith(_PNG):
        size = png_size(raw)
    elif raw.startswith(_JPEG):
        size = jpeg_size(raw)
    else:
        raise NoPicture("this is no JPEG or PNG picture")
    if size is None or 0 in size:
        raise NoPicture("the picture is damaged: save it again as a JPEG")
    if max(size) > SIDE_AT_MOST:
        raise NoPicture(f"the picture has {size[0]} × {size[1]} points; {SIDE_AT_MOST} × {SIDE_AT_MOST} at most")


def redraw(raw: bytes) -> bytes:
    """The same picture as a plain JPEG of at most `SIDE` pixels. Raises `NoPicture`. For a process that may end."""
    import cv2  # late: it needs libraries that a bare server lacks, and sixty megabytes
    import numpy

    check(raw)
    try:
        picture: Any = cv2.imdecode(numpy.frombuffer(raw, numpy.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise NoPicture("the picture is damaged: save it again as a JPEG")
    height, width = picture.shape[:2]
    if max(height, width) > SIDE:
        scale = SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise NoPicture("the picture could not be drawn anew")
    return bytes(jpeg.tobytes())


async def _redraw_apart(raw: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        APART,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            jpeg, _ = await process.communicate(raw)
    except TimeoutError:
        raise NoPicture("the picture took too long to open: save it again as a JPEG") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0 or not jpeg.startswith(_JPEG):
        raise NoPicture("the picture is damaged: save it again as a JPEG")
    return jpeg
