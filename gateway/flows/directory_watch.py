"""People, credentials and devices change, here or from the command line: everything that hangs on them follows.

The directory's version is looked at each second. A decision does not wait for that: its commit finds out for itself.
"""

import asyncio

from gateway.core.kinds import CredentialKind, CredentialState
from gateway.core.lone_list import is_banned
from gateway.core.nouns import Credential, Directory
from gateway.flows import alarms, credential_lists, postures
from gateway.flows.devices import Device
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site

LOOK_AGAIN_S = 0.2
"""Between two looks that unknown devices cause: rubbish on the topics must not become queries."""


async def follow_changes(site: Site) -> None:
    """Take a newer directory into use, if there is one, and tell the devices. Raises `LedgerUnavailable`."""
    if await site.archive.directory_version() != site.watched_version:
        await take_over(site)


async def look_again(site: Site) -> None:
    """Somebody speaks whom nobody knows: perhaps enrolled a moment ago. All who ask share one look, five a second."""
    if site.look is None:
        site.look = site.spawn(_look_soon(site))
    await site.look


async def _look_soon(site: Site) -> None:
    try:
        await asyncio.sleep(max(0.0, site.looked_at + LOOK_AGAIN_S - site.clock.monotonic()))
        site.looked_at = site.clock.monotonic()
        site.look = None  # who asks from here on may have been enrolled after this look
        await follow_changes(site)
    except LedgerUnavailable:
        return


async def build_lists(site: Site) -> None:
    """Build the credential lists that are due, one after the other; a turn of its own, because long ones take long."""
    for device in list(site.devices):
        await credential_lists.bring_up_to_date(site, device)


async def take_over(site: Site) -> None:
    """Swap the directory and the registry, then send what follows from it."""
    before = site.followed
    await site.refresh_directory()
    after = site.directory
    fresh, gone = site.devices.take_over(await site.archive.enrolled(), await site.archive.issued())
    for device in gone:
        await retire(site, device)
    if after is not before:
        await credential_lists.revoke(site, no_longer_valid(before, after))
        await credential_lists.keep_out(site, kept_out(before, after))
        if lists_may_differ(before, after):
            for device in site.devices:
                device.list_is_due = True
    issued = await postures.issue(site, list(site.devices))
    for name in fresh:
        device_or_none = site.devices.get(name)
        if device_or_none is not None:
            if device_or_none not in issued:
                postures.publish(site, device_or_none)  # the same words, signed with the key that it has now
            await credential_lists.start_anew(site, device_or_none)
    site.followed = after
    site.watched_version = after.version


def lists_may_differ(before: Directory, after: Directory) -> bool:
    """True if somebody may have to be on a device's list who was not, or the other way round.

    Visits and slips come all day, and a long list takes a second to build for each device: they touch none.
    """
    if before.papers.bans != after.papers.bans or before.papers.vehicles != after.papers.vehicles:
        return True
    if before.credentials is not after.credentials:
        cards = ((key, card) for key, card in after.credentials.items() if key[0] is CredentialKind.CARD)
        if any(before.credentials.get(key) is not card for key, card in cards):
            return True
    if before.holders is after.holders:
        return False
    return any(known is not after.holders.get(ref) for ref, known in before.holders.items())


def no_longer_valid(before: Directory, after: Directory) -> list[Credential]:
    """Credentials that opened something before and open nothing now: revoked, lost, or of a suspended holder."""
    if before.credentials is after.credentials and before.holders is after.holders:
        return []
    changed = [c for key, c in after.credentials.items() if before.credentials.get(key) is not c]
    ended = [c for c in changed if c.state is not CredentialState.ACTIVE]
    suspended = {
        ref for ref, holder in after.holders.items() if holder.suspended and before.holders.get(ref) is not holder
    }
    if suspended:
        ended.extend(c for c in after.credentials.values() if c.holder in suspended)
    return ended


def kept_out(before: Directory, after: Directory) -> list[Credential]:
    """Credentials of those whom an approved entry ban keeps out now and did not before."""
    bans = after.papers.bans
    if bans is before.papers.bans:
        return []
    banned = {holder for holder in bans if is_banned(after, holder) and not is_banned(before, holder)}
    return [c for c in after.credentials.values() if c.holder in banned] if banned else []


async def retire(site: Site, device: Device) -> None:
    """A device is no longer enrolled: what the broker keeps for it goes, and it is no longer missed."""
    site.courier.clear(device.id, device.kind, "posture")
    site.courier.clear(device.id, device.kind, "credentials/revoked")
    for condition in sorted(alarms.FOUND_ONCE):  # nobody would tell that it is over
        await alarms.clear_alarm(site, condition, device.id)


async def watch(site: Site) -> None:
    """One look, for the loop in `app.py`; a database that is away is tried again at the next look."""
    try:
        await follow_changes(site)
    except LedgerUnavailable:
        return
