"""Inside a decoder: pictures in, measures out, for as long as its socket lives. Imports OpenCV: forked children only.

Promises: remembers each camera's last look and unpacked references within fixed numbers; a picture that is none is told
in the result; a fault of ours is told by its kind and place, never by a text that might hold what a camera sent. Leaves
to others: being ended (`decoders`), what numbers mean (`gateway.core.health`).
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
import traceback
from collections import OrderedDict

import msgspec

from gateway.video.capture import limits, tasks, wire

LOOKS_KEPT = 600
"""One a camera, about 0.4 MB each."""

REFERENCES_KEPT = 512
"""Unpacked, about 0.2 MB each."""

_encoder = msgspec.msgpack.Encoder()
_tasks = msgspec.msgpack.Decoder(tasks.Task)


def load() -> None:
    """Load what the work needs, once, in the process that others are forked from."""
    import cv2

    import gateway.video.checks  # noqa: F401

    # A thread would not survive the fork, and one core for one picture is what the sizing counts with.
    cv2.setNumThreads(1)


def work(sock: socket.socket) -> None:
    """Serve tasks until the socket ends (`EOFError`)."""
    looking = _Looking()
    while True:
        task = _tasks.decode(wire.receive(sock))
        limits.processor_time_from_now(tasks.PROCESSOR_S)
        sock.sendall(wire.pack(looking.result(task), _encoder))


class _Looking:
    def __init__(self) -> None:
        from gateway.video.checks import Look, Reference

        self._last: OrderedDict[str, tuple[float, Look]] = OrderedDict()
        self._references: OrderedDict[str, Reference] = OrderedDict()

    def result(self, task: tasks.Task) -> tasks.Result:
        began = time.process_time()
        try:
            result = self._look(task)
        except MemoryError:
            raise
        except Exception as error:
            result = tasks.Result(fault=fault_of(error))
        return msgspec.structs.replace(result, cost_s=time.process_time() - began)

    def _look(self, task: tasks.Task) -> tasks.Result:
        from gateway.video import checks

        if task.fresh:
            self._last.pop(task.camera, None)
        references = [(ref.key, self._reference(ref.key, ref.data)) for ref in task.references]
        bare = [reference for _, reference in references]
        seen: list[tasks.Measured] = []
        looks: list[checks.Look] = []
        bad: str | None = None
        newest: tuple[tasks.Frame, checks.Decoded] | None = None
        for frame in task.frames:
            try:
                picture = _decoded(frame)
            except checks.BadPicture as error:
                bad = str(error)
                continue
            newest = frame, picture
            look = checks.look(picture)
            looks.append(look)
            best = checks.best_reference(look, bare) if bare else None
            before = self._last.get(task.camera)
            measures = checks.measure(
                look,
                None if best is None else bare[best],
                before[1] if before else None,
                frame.received - before[0] if before else None,
            )
            self._remember(task.camera, frame.received, look)
            key = None if best is None else references[best][0]
            seen.append(tasks.Measured(frame.received, measures, picture.size[0], picture.size[1], key))
        return tasks.Result(
            seen=tuple(seen),
            bad=bad,
            picture=_small(newest, task) if newest and task.picture_width else None,
            learnt=checks.Reference.of(looks).to_bytes() if task.learn and looks else None,
        )

    def _reference(self, key: str, data: bytes):  # type: ignore[no-untyped-def]
        from gateway.video.checks import Reference

        found = self._references.get(key)
        if found is None:
            found = self._references[key] = Reference.from_bytes(data)
            if len(self._references) > REFERENCES_KEPT:
                self._references.popitem(last=False)
        self._references.move_to_end(key)
        return found

    def _remember(self, camera: str, received: float, look) -> None:  # type: ignore[no-untyped-def]
        self._last[camera] = received, look
        self._last.move_to_end(camera)
        if len(self._last) > LOOKS_KEPT:
            self._last.popitem(last=False)


def _decoded(frame: tasks.Frame):  # type: ignore[no-untyped-def]
    import numpy as np

    from gateway.video.checks import BadPicture, Decoded, decode

    if frame.jpeg:
        return decode(frame.jpeg)
    width, height = frame.pixels_size
    pixels = np.frombuffer(frame.pixels, np.uint8)
    if not width or not height or pixels.size != width * height * 3:
        raise BadPicture("bad_size", "a picture of the stream is not whole")
    return Decoded(pixels.reshape(height, width, 3), frame.size, frame.reduction)


def _small(newest, task: tasks.Task) -> bytes | None:  # type: ignore[no-untyped-def]
    """The newest picture for people. Measuring needs few pixels; people want more, so it is decoded larger."""
    import cv2
    import numpy as np

    from gateway.video.checks import BadPicture, thumbnail

    frame, picture = newest
    pixels = picture.pixels
    with contextlib.suppress(BadPicture, cv2.error):
        if task.wide:
            pixels = cv2.imdecode(np.frombuffer(task.wide, np.uint8), cv2.IMREAD_COLOR)
        elif pixels.shape[1] < task.picture_width and picture.reduction > 1 and frame.jpeg:
            larger = {8: cv2.IMREAD_REDUCED_COLOR_4, 4: cv2.IMREAD_REDUCED_COLOR_2}.get(
                picture.reduction, cv2.IMREAD_COLOR
            )
            again = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), larger | cv2.IMREAD_IGNORE_ORIENTATION)
            pixels = pixels if again is None else again
        return bytes(thumbnail(pixels, task.blurred, min(task.picture_width, max(pixels.shape[1], 64))))
    return None


def fault_of(error: BaseException) -> str:
    """A fault of ours for the log: its kind and the place in our code, without its text."""
    places = traceback.extract_tb(error.__traceback__)
    place = places[-1] if places else None
    where = f"{place.filename.rpartition('/')[2]}:{place.lineno}" if place else sys.executable
    return f"{type(error).__name__} at {where}"
