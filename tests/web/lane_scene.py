"""A vehicle lane at the guard post: its camera, plates that it reads, pictures that it takes."""

import asyncio
import itertools
from datetime import UTC, datetime

from devices.messages import Action, Command, Credential, CredentialKind, Direction, Frame, Tap
from gateway.flows.card_tap import card_tap
from gateway.flows.devices import Device
from gateway.flows.enrolment import Place, device_enrolled, new_enrolment
from gateway.flows.frames import frame
from gateway.flows.ports import Unit
from gateway.store.archive import StoreArchive
from gateway.store.enrolment import enrol_change
from gateway.store.sealing import Sealer
from tests.web.guardpost import GuardPost

CAMERA = "north-camera"
_numbers = itertools.count(1)


async def camera_at_the_lane(post: GuardPost) -> Device:
    """Enrolled, and there."""
    site, sealer = post.site, Sealer(post.settings.store_key)
    enrolment = new_enrolment("camera", CAMERA, Place("north-vehicle", None), post.settings.campus)
    record = device_enrolled(enrolment, "test", site.clock.now())
    change = enrol_change(enrolment, sealer, site.clock.now())
    await post.writer.commit(Unit((record,), (change,), directory=True))
    archive = StoreArchive(post.database, sealer)
    site.devices.take_over(await archive.enrolled(), await archive.issued())
    await site.refresh_directory()
    camera = site.devices.get(CAMERA)
    assert camera is not None
    camera.online, camera.boot, camera.challenge = True, "b", "c" * 16
    camera.challenge_at = site.clock.monotonic() + 3600
    return camera


async def plate_comes(
    post: GuardPost, plate: str, direction: str = "in", confidence: float | None = None
) -> tuple[str, Command]:
    """A plate at the lane; how the waiting list would name it, and the first answer."""
    camera = post.site.devices.get(CAMERA)
    assert camera is not None
    id, at = f"plate-{next(_numbers)}", post.site.clock.now()
    tap = Tap(
        id=id,
        boot="b",
        at=at.replace(microsecond=at.microsecond // 1000 * 1000),
        nonce=f"n-{id}",
        direction=Direction(direction),
        credential=Credential(kind=CredentialKind.PLATE, value=plate),
        confidence=confidence,
    )
    await card_tap(post.site, camera, tap)
    answers = [m for d, m in post.courier.sent if d == CAMERA and isinstance(m, Command) and m.for_ == id]
    return f"{CAMERA}:{id}", answers[-1]


async def picture_comes(post: GuardPost, jpeg: bytes) -> None:
    """The camera takes the picture that it was last asked for."""
    camera = post.site.devices.get(CAMERA)
    assert camera is not None

    def snapshots() -> list[Command]:
        sent = [message for device, message in post.courier.sent if device == CAMERA and isinstance(message, Command)]
        return [message for message in sent if message.action is Action.SNAPSHOT]

    async with asyncio.timeout(20):
        while not (asked := snapshots()):  # noqa: ASYNC110 - nobody tells the courier that it was sent
            await asyncio.sleep(0.02)
    taken = Frame(id="f-1", boot="b", at=datetime.now(UTC), command=asked[-1].id, sha256="0" * 64)
    await frame(post.site, camera, taken, jpeg)
