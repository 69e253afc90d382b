"""A picture under a plan: is it what it says, small enough, and may a browser have it?

Promises: what `read_picture` returns lay in the configuration folder, is a whole PNG or JPEG of bounded size, or an SVG
written anew from an allow-list (`plan_svg`), and is kept in memory: what was checked is what is served. Anything else
is a `NoPicture` with a sentence for whoever wrote plan.yaml. A raster picture is not decoded here; its header, frame
and end are looked at, and browsers take it as nothing but a picture (`nosniff`).
"""

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from gateway.core.picture_size import jpeg_size, png_size
from gateway.core.plan import Picture
from gateway.plan_svg import UnsafeSvg, cleaned

BYTES_AT_MOST = 8 * 1024 * 1024
SVG_BYTES_AT_MOST = 2 * 1024 * 1024
SIDE_AT_MOST = 6_000
POINTS_AT_MOST = 24_000_000
"""What a browser unpacks it into: a hundred megabytes at four bytes each."""

_JPEG, _PNG, _PNG_END = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


class NoPicture(ValueError):
    """This is no picture for a plan; the message says why and what to do."""


def read_picture(directory: Path, name: str) -> Picture:
    """The picture in this file of the folder. Raises `NoPicture`."""
    raw = _bytes_of(directory, name)
    if raw.startswith(_PNG):
        return _raster(raw, "image/png", png_size(raw), is_whole=raw.rstrip(b"\0").endswith(_PNG_END))
    if raw.startswith(_JPEG):
        return _raster(raw, "image/jpeg", jpeg_size(raw), is_whole=b"\xff\xd9" in raw[-64:])
    if b"<svg" not in raw[: 64 * 1024]:
        raise NoPicture("is no SVG, PNG or JPEG picture, whatever its name says")
    if len(raw) > SVG_BYTES_AT_MOST:
        raise NoPicture(f"is an SVG of more than {SVG_BYTES_AT_MOST >> 20} MB: simplify the drawing, or export a PNG")
    try:
        return _picture("image/svg+xml", cleaned(raw))
    except UnsafeSvg as why:
        raise NoPicture(str(why)) from None


def _bytes_of(directory: Path, name: str) -> bytes:
    """The file's content; it must lie in the folder, links and all, and be a plain file."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise NoPicture("expected a file in the folder of the configuration: plan.svg")
    try:
        home = directory.resolve(strict=True)
        path = (directory / name).resolve(strict=True)
        # What it is may change between two looks: opened once, not waiting and following no link, then asked.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NoPicture("there is no such file in the folder of the configuration") from None
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links that lead in a circle
        said = error.strerror if isinstance(error, OSError) and error.strerror else "its name or a link is of no use"
        raise NoPicture(f"cannot be read: {said}") from None
    try:
        about = os.fstat(handle)
        if not path.is_relative_to(home):
            raise NoPicture("is a link that leads out of the folder of the configuration: copy the file itself here")
        if not stat.S_ISREG(about.st_mode):
            raise NoPicture("is not a file")
        if about.st_size > BYTES_AT_MOST:
            raise NoPicture(f"is larger than {BYTES_AT_MOST >> 20} MB: make it smaller")
        with os.fdopen(os.dup(handle), "rb") as file:
            return file.read(BYTES_AT_MOST + 1)
    finally:
        os.close(handle)


def _raster(raw: bytes, media: str, size: tuple[int, int] | None, *, is_whole: bool) -> Picture:
    if size is None or 0 in size or not is_whole:
        raise NoPicture("is damaged or cut off: save it again")
    if max(size) > SIDE_AT_MOST or size[0] * size[1] > POINTS_AT_MOST:
        raise NoPicture(
            f"has {size[0]} × {size[1]} points; at most {SIDE_AT_MOST} a side and {POINTS_AT_MOST // 1_000_000} "
            "million in all: make it smaller"
        )
    return _picture(media, raw)


def _picture(media: str, body: bytes) -> Picture:
    return Picture(media, body, hashlib.sha256(body).hexdigest()[:16])
