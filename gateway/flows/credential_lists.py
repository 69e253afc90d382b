"""What a device needs to decide alone: pages of credentials that rarely change, and the revoked ones at once.

Pages change at most every five minutes for each device. A revoked credential is in the revoked list within a second,
and leaves it only after the device has shown a list that no longer names it.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.limits import MAX_PAYLOAD, PAGE_CHANGE_S
from devices.messages import CredentialEntry, CredentialPage, Direction, Level, RevokedList
from devices.signing import token
from gateway.core.kinds import CredentialKind, PortalKind
from gateway.core.levels import emergency_in
from gateway.core.lone_list import lone_entries, opens_exits, rules_in_force
from gateway.core.nouns import Campus, Credential, Directory, Portal
from gateway.core.papers import EmergencyKind
from gateway.core.windows import utc_spans
from gateway.flows.changes import ListsIssued
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Issued, LedgerUnavailable, Unit
from gateway.flows.site import Site

PAGE_ROOM = MAX_PAYLOAD - 2_048
"""Bytes of entries in one page; the rest is for its other fields and the mac."""
ENTRY_BYTES = 170
"""An entry without windows and bounds, as JSON."""
SPAN_BYTES = 14
BOUND_BYTES = 26
REVOKED_AT_MOST = 1_800
"""Tokens in one revoked list: 35 bytes each, in a message of 64 KiB."""
REST_EVERY, REST_S = 100, 0.002
"""A long list is built in a thread beside the decisions: after so many entries it rests, so that no tap waits."""
PAGES_AT_ONCE = 8
"""Pages handed to the connection in one turn, so that no tap waits behind a long list."""


def keeps_list(device: Device) -> bool:
    """Devices that decide on people keep a list."""
    return device.portal is not None and device.kind in ("reader", "dorm", "camera")


async def bring_up_to_date(site: Site, device: Device) -> bool:
    """Build the device's list, if it is due; publish it if it differs from the issued one. True if it was published."""
    now = site.clock.monotonic()
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or not keeps_list(device) or now - device.list_built_at < PAGE_CHANGE_S:
        return False
    due = device.list_is_due or ends_soon(site, device)
    if not due and not await has_other_rules(site, device, portal):
        return False
    device.list_is_due = False
    device.list_built_at = now
    moment = site.clock.now()
    expires_at = device.issued.list_expires_at
    if expires_at is None or ends_soon(site, device):
        expires_at = end_of_list(site.campus.timezone, moment, site.rules.list_life_s)
    directory = site.directory
    without = frozenset(device.issued.revoked_tokens)
    only_residents = names_only_residents(site, portal)
    entries, digest = await asyncio.to_thread(
        _build, site.campus, directory, device.token_key, portal.id, moment, expires_at, without, only_residents
    )
    rules = rules_in_force(site.campus, portal, days_of(site.campus, moment, expires_at))
    digest = hashlib.sha256(f"{digest} {expires_at.isoformat()}".encode()).hexdigest()[: -len(rules)] + rules
    device.list_day = local_day(site.campus, moment)
    device.list_lacks = without
    known = digest == device.issued.list_digest and device.list_version == device.issued.list_version
    try:
        version = await _issue_list(site, device, digest, expires_at, len(entries), directory.version)
    except LedgerUnavailable:
        device.list_is_due, device.list_built_at = True, -1e9
        return False
    if not only_residents:
        device.residents_only_from = None
    elif device.residents_only_from is None:
        device.residents_only_from = version
    if known:
        return False
    pages = await asyncio.to_thread(_spell, site, device, version, expires_at, entries)
    for number, page in enumerate(pages, 1):
        site.courier.keep_bytes(device.id, device.kind, device.key, f"credentials/{number:04d}", page)
        if number % PAGES_AT_ONCE == 0:
            await asyncio.sleep(0.02)
    return True


def names_only_residents(site: Site, portal: Portal) -> bool:
    """Under lockdown a dormitory's door that is alone lets its residents in, and nobody else."""
    return portal.kind is PortalKind.DORMITORY and emergency_in(site.world, EmergencyKind.LOCKDOWN, portal.zone)


def is_up_to_date(site: Site, device: Device) -> bool:
    """The issued list was made from the directory of this moment: after a restart nothing has to be built."""
    return device.issued.list_version > 0 and device.issued.list_directory == site.directory.version


async def has_other_rules(site: Site, device: Device, portal: Portal) -> bool:
    """The configuration has changed since the issued list was made, or a special day in its life is over. Worked out
    once a day, and at start."""
    now, expires_at = site.clock.now(), device.issued.list_expires_at
    today = local_day(site.campus, now)
    if device.list_day == today or expires_at is None:
        return False
    device.list_day = today
    days = days_of(site.campus, now, expires_at)
    rules = await asyncio.to_thread(rules_in_force, site.campus, portal, days)
    return not device.issued.list_digest.endswith(rules)


def local_day(campus: Campus, moment: datetime) -> date:
    return moment.astimezone(campus.timezone).date()


def days_of(campus: Campus, now: datetime, expires_at: datetime) -> list[date]:
    """The campus's own dates on which a list may be used."""
    first, last = local_day(campus, now), local_day(campus, expires_at)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


async def _issue_list(
    site: Site, device: Device, digest: str, expires_at: datetime, entries: int, directory: int
) -> int:
    """The version of this list: the one it has, or the next one, written down. Raises `LedgerUnavailable`."""
    async with site.issuing:
        issued, shown = device.issued, device.list_version or 0
        if digest == issued.list_digest and shown <= issued.list_version:
            if issued.list_directory != directory:
                device.issued = replace(device.issued, list_directory=directory)
                await site.ledger.commit(Unit((), (ListsIssued(device.id, device.issued),)), 10.0)
            return issued.list_version
        version = max(issued.list_version, shown) + 1
        fresh = replace(
            issued, list_version=version, list_digest=digest, list_expires_at=expires_at, list_directory=directory
        )
        body = {"device": device.id, "version": version, "entries": entries, "expires_at": expires_at}
        entry = Entry("credential_list", site.clock.now(), body)
        await site.ledger.commit(Unit((entry,), (ListsIssued(device.id, fresh),)), 10.0)
        device.issued = _with_lists(device.issued, fresh)
        return version


def ends_soon(site: Site, device: Device) -> bool:
    """Half of its list's life is over: time for the next one."""
    expires_at = device.issued.list_expires_at
    return expires_at is not None and expires_at - site.clock.now() < timedelta(seconds=site.rules.list_life_s / 2)


async def revoke(site: Site, credentials: Iterable[Credential]) -> None:
    """These credentials no longer hold: tell every device that may have them listed. Raises `LedgerUnavailable`."""
    cards = [credential for credential in credentials if credential.kind is CredentialKind.CARD]
    if cards:
        lists = [device for device in site.devices if keeps_list(device)]
        await _issue_revoked(site, lists, lambda device: _with_these(device, cards))


def _with_these(device: Device, cards: Sequence[Credential]) -> tuple[str, ...]:
    """The device's revoked tokens and those of `cards`."""
    known = device.issued.revoked_tokens
    marks = (token(device.token_key, card.kind.value, card.value) for card in cards)
    tokens = (*known, *(mark for mark in marks if mark not in known))
    if len(tokens) > REVOKED_AT_MOST:
        # More than one message holds: the list itself has to go without them now, five minutes or not.
        device.list_is_due, device.list_built_at = True, -1e9
    return tokens[-REVOKED_AT_MOST:]


async def keep_out(site: Site, credentials: Iterable[Credential]) -> None:
    """These may enter nowhere any more, and leave everywhere: an entry ban. Raises `LedgerUnavailable`.

    A revoked token is refused in both directions. So a device whose list lets people out is not told so: it gets a new
    list at once, five minutes or not, in which they may only leave. Every other one is told within the second.
    """
    cards = [credential for credential in credentials if credential.kind is CredentialKind.CARD]
    if not cards:
        return
    lists = [device for device in site.devices if keeps_list(device)]
    for device in lists:
        if _lets_out(site, device):
            device.list_is_due, device.list_built_at = True, -1e9
    await _issue_revoked(
        site, [device for device in lists if not _lets_out(site, device)], lambda device: _with_these(device, cards)
    )


def _lets_out(site: Site, device: Device) -> bool:
    portal = site.campus.portals.get(device.portal or "")
    return portal is not None and opens_exits(site.campus, portal)


async def forget_revoked(site: Site, device: Device) -> None:
    """The device has shown a list without some revoked tokens: those may leave the revoked list."""
    if device.list_version != device.issued.list_version or not device.list_lacks:
        return
    lacks, device.list_lacks = device.list_lacks, frozenset()
    if lacks.isdisjoint(device.issued.revoked_tokens):
        return
    try:
        await _issue_revoked(
            site, [device], lambda device: tuple(t for t in device.issued.revoked_tokens if t not in lacks)
        )
    except LedgerUnavailable:
        device.list_lacks |= lacks
        raise
    device.list_is_due = True  # a card that was given out again may now be listed


async def follow(site: Site, device: Device) -> None:
    """A device has said which lists it has: send what differs."""
    if not keeps_list(device):
        return
    shown = device.revoked or 0
    try:
        if shown > device.issued.revoked_version:
            await _issue_revoked(site, [device], lambda device: device.issued.revoked_tokens, above=shown)
        elif shown != device.issued.revoked_version:
            publish_revoked(site, device)
        await forget_revoked(site, device)
    except LedgerUnavailable:
        return
    if (device.list_version or 0) != device.issued.list_version:
        device.list_is_due, device.list_built_at = True, -1e9


async def start_anew(site: Site, device: Device) -> None:
    """It has a new key or place: the tokens of its lists mean nothing any more. Raises `LedgerUnavailable`."""
    if not keeps_list(device):
        return
    if device.issued.revoked_version:
        await _issue_revoked(site, [device], lambda _device: (), above=device.issued.revoked_version)
    device.list_lacks = frozenset()
    device.list_is_due, device.list_built_at = True, -1e9


def tell_again(site: Site, device: Device) -> None:
    """Nobody knows which lists it has: send both."""
    if keeps_list(device):
        if device.issued.revoked_version:
            publish_revoked(site, device)
        device.list_is_due, device.list_built_at = True, -1e9


def publish_revoked(site: Site, device: Device) -> None:
    """Send the revoked list that was issued."""
    message = RevokedList(version=device.issued.revoked_version, tokens=device.issued.revoked_tokens)
    site.courier.keep(device.id, device.kind, device.key, message)


async def _issue_revoked(
    site: Site, devices: Sequence[Device], tokens_of: Callable[[Device], tuple[str, ...]], above: int = 0
) -> None:
    """Give each device whose revoked list changes its next version. What it holds now is asked when it is our turn."""
    async with site.issuing:
        fresh: list[tuple[Device, Issued]] = []
        for device in devices:
            issued, tokens = device.issued, tokens_of(device)
            if tokens != issued.revoked_tokens or above > issued.revoked_version:
                version = max(issued.revoked_version, above) + 1
                fresh.append((device, replace(issued, revoked_version=version, revoked_tokens=tokens)))
        if not fresh:
            return
        now = site.clock.now()
        entries = tuple(
            Entry("revoked_list", now, {"device": d.id, "version": i.revoked_version, "tokens": len(i.revoked_tokens)})
            for d, i in fresh
        )
        await site.ledger.commit(Unit(entries, tuple(ListsIssued(d.id, i) for d, i in fresh)), 10.0)
        for device, issued in fresh:
            device.issued = _with_lists(device.issued, issued)
            publish_revoked(site, device)


def _with_lists(now: Issued, lists: Issued) -> Issued:
    """The lists of `lists` beside the posture of `now`: that may have moved on while the lists were written."""
    return replace(lists, version=now.version, body=now.body)


def paged(entries: list[CredentialEntry]) -> Iterator[tuple[CredentialEntry, ...]]:
    """Cut a list into pages that fit into a message; an empty list is one empty page."""
    page: list[CredentialEntry] = []
    room = PAGE_ROOM
    for entry in entries:
        size = ENTRY_BYTES + SPAN_BYTES * len(entry.windows or ()) + BOUND_BYTES * 2
        if size > room and page:
            yield tuple(page)
            page, room = [], PAGE_ROOM
        page.append(entry)
        room -= size
    yield tuple(page)


def end_of_list(timezone: ZoneInfo, now: datetime, life_s: int) -> datetime:
    """When a list made now ends: after its life, or before the site's offset from UTC changes."""
    offset = now.astimezone(timezone).utcoffset()
    end = (now + timedelta(seconds=life_s)).replace(microsecond=0)
    for hours in range(1, life_s // 3_600 + 1):
        later = now + timedelta(hours=hours)
        if later.astimezone(timezone).utcoffset() != offset:
            return (later - timedelta(hours=1)).replace(microsecond=0)
    return end


def _spell(
    site: Site, device: Device, version: int, expires_at: datetime, entries: list[CredentialEntry]
) -> list[bytes]:
    """The pages as bytes. Runs in a thread, and lets the others go first after each page."""
    cut = list(paged(entries))
    pages = []
    for number, page in enumerate(cut, 1):
        message = CredentialPage(version=version, page=number, pages=len(cut), expires_at=expires_at, entries=page)
        pages.append(site.courier.spell(device.id, device.kind, device.key, message))
        time.sleep(REST_S)
    return pages


def _build(
    campus: Campus,
    directory: Directory,
    token_key: bytes,
    portal: str,
    now: datetime,
    expires_at: datetime,
    without: frozenset[str],
    only_residents: bool = False,
) -> tuple[list[CredentialEntry], str]:
    """The entries of a device's list, and a digest of them. Runs in a thread; a hundred thousand take a second."""
    days = days_of(campus, now, expires_at)
    offset = now.astimezone(campus.timezone).utcoffset() or timedelta()
    offset_min = int(offset.total_seconds() // 60)
    spans_of: dict[object, tuple[tuple[int, int], ...] | None] = {}
    digest = hashlib.sha256()
    entries: list[CredentialEntry] = []
    for number, lone in enumerate(lone_entries(campus, directory, campus.portals[portal], days)):
        if number % REST_EVERY == 0:
            time.sleep(REST_S)
        if only_residents:
            holder = directory.holders.get(lone.credential.holder)
            if holder is None or holder.dormitory != campus.portals[portal].zone:
                continue
        if lone.windows not in spans_of:
            spans_of[lone.windows] = utc_spans(lone.windows, offset_min)
        spans = spans_of[lone.windows]
        mark = token(token_key, lone.credential.kind.value, lone.credential.value)
        if mark in without:
            continue
        entries.append(
            CredentialEntry(
                token=mark,
                directions=tuple(Direction(d.value) for d in lone.directions),
                levels=tuple(Level(int(level)) for level in lone.levels),
                windows=spans,
                not_before=lone.credential.not_before,
                not_after=lone.credential.not_after,
            )
        )
        digest.update(
            f"{mark}{lone.directions}{lone.levels}{spans}{lone.credential.not_before}{lone.credential.not_after}".encode()
        )
    return entries, digest.hexdigest()
