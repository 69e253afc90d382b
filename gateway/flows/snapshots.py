"""A camera that speaks MQTT is asked for its picture by the round of health checks.

Unlike a person's `snapshot`, or one for an alarm, this one is no row of the ledger: a camera is asked up to four times
a minute, around the clock, it moves nothing, and the check that it is for is on record. Its result is not one either.
"""

import asyncio
import contextlib
import secrets

from devices.messages import Action, Command, Text
from gateway.flows import command
from gateway.flows.site import Picture, Site

REASON = "health_check"
REMEMBERED = 2_000
"""Ids of those asked last: a result may come after its picture."""


class NoSnapshot(Exception):
    """No picture came; `code` says why: `silent`, `refused`, or what `command.check` says."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


async def ask(site: Site, device: str, within_s: float) -> Picture:
    """The picture that this camera takes now. Raises `NoSnapshot`."""
    found = site.devices.get(device)
    if found is None:
        raise NoSnapshot("not_enrolled", f"{device} is not enrolled")
    try:
        command.check(site, found, Action.SNAPSHOT.value, REASON)
    except command.CommandNotPossible as why:
        raise NoSnapshot(why.code, str(why)) from None
    id = secrets.token_hex(16)
    coming: asyncio.Future[Picture] = asyncio.get_running_loop().create_future()
    site.snapshots_for_checks[id] = coming
    while len(site.snapshots_for_checks) > REMEMBERED:
        site.snapshots_for_checks.popitem(last=False)
    message = Command(
        id=id, challenge=found.challenge or "", action=Action.SNAPSHOT, reason=REASON, text=Text(en="", zh="")
    )
    if not site.courier.send(found.id, found.kind, found.key, message):
        raise NoSnapshot("broker_away", "the broker is away")
    try:
        async with asyncio.timeout(within_s):
            return await coming
    except TimeoutError:
        raise NoSnapshot("silent", f"{device} sent no picture within {within_s:g} s") from None
    finally:
        if id in site.snapshots_for_checks:
            site.snapshots_for_checks[id] = _over(coming)


def _over(coming: asyncio.Future[Picture]) -> asyncio.Future[Picture]:
    """Only the id is remembered: two thousand whole pictures would be some hundred megabytes."""
    over: asyncio.Future[Picture] = coming.get_loop().create_future()
    over.cancel()
    return over


def came(site: Site, id: str, picture: Picture) -> bool:
    """A picture arrived; True if it was asked here."""
    coming = site.snapshots_for_checks.get(id)
    if coming is not None and not coming.done():
        coming.set_result(picture)
    return coming is not None


def answered(site: Site, id: str, executed: bool, reason: str) -> bool:
    """A camera said what became of the command; True if it was asked here, and then it is nobody else's matter."""
    coming = site.snapshots_for_checks.get(id)
    if coming is None:
        return False
    if not executed and not coming.done():
        with contextlib.suppress(asyncio.InvalidStateError):
            coming.set_exception(NoSnapshot("refused", reason[:100]))
            coming.exception()  # whoever asked may have gone
    return True
