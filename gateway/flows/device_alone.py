"""What a device would decide alone, asked by a person: of one person's cards now or at another moment, and in numbers.

Promises: the answer is made as the device makes it (its posture as it was told, its list as the rules give it, its
revoked tokens), moves nothing, and names the person only to whoever asked; that somebody asked is recorded first, like
every look at a person. Where the device shows another list or posture than it was given, the answer says so. Leaves to
others: the rules (`core.alone`, `core.lone_list`), how a list gets to a device (`credential_lists`).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from devices.signing import token
from gateway.core.alone import Alone, Standing, entering, leaving
from gateway.core.kinds import CredentialKind, Direction, Level
from gateway.core.lone_list import LoneEntry, lone_entries
from gateway.core.nouns import Campus, Credential, Directory, Portal
from gateway.flows import credential_lists, reading
from gateway.flows.devices import Device
from gateway.flows.site import Site

NEVER = "deny"
REST_EVERY, REST_S = 100, 0.002
"""A long list is counted beside the decisions: after so many entries the thread rests."""
COUNTS_AT_MOST = 200


class DecidesNothing(Exception):
    """This device decides on nobody: it keeps no list."""


class NobodyOfThatName(Exception):
    """There is no such person or credential."""


class TooFar(ValueError):
    """No list that this device has, or had, holds at that moment; the words say how far is answered."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what it decides alone. `follows`: it shows the posture and the lists that it was given.

    `trusted_until`: from then on it lets nobody in alone, because it has had no word of the gateway for too long; None
    while it is there.
    """

    level: int
    emergency: str | None
    entry: str
    exit: str
    escape_route: bool
    max_age_s: int
    trusted_until: datetime | None
    list_expires_at: datetime | None
    follows: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entries its list has, by what they open. `by_level`: entries that hold on the way in at that level."""

    entries: int
    people: int
    entry_always: int
    entry_in_windows: int
    exit_always: int
    exit_in_windows: int
    by_level: Mapping[int, int]
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One card in one direction."""

    credential: str
    direction: Direction
    alone: Alone
    levels: tuple[int, ...]
    always: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What it would decide of one person."""

    holder: str
    at: datetime
    rules: Rules
    answers: tuple[Answer, ...]
    other_credentials: int
    """Passes, plates and PINs, on which no device decides alone."""


class LoneCounts:
    """Counts of lists, each made once for one state of the directory and the rules, one at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._known: OrderedDict[str, tuple[object, Counts]] = OrderedDict()

    async def of(self, site: Site, device: Device) -> Counts:
        """How many entries the list of `device` has now. Raises `DecidesNothing`."""
        portal = _portal(site, device)
        now = site.clock.now()
        only_residents = credential_lists.names_only_residents(site, portal)
        mark = (site.directory.version, portal.id, only_residents, credential_lists.local_day(site.campus, now))
        async with self._turn:
            known = self._known.get(device.id)
            if known is None or known[0] != mark:
                days = _days(site, device, now)
                counts = await asyncio.to_thread(_count, site.campus, site.directory, portal, days, only_residents)
                known = self._known[device.id] = (mark, counts)
                if len(self._known) > COUNTS_AT_MOST:
                    self._known.popitem(last=False)
        return replace(known[1], revoked=len(device.issued.revoked_tokens))


def rules_of(site: Site, device: Device) -> Rules:
    """By what it decides while nobody answers it. Raises `DecidesNothing`."""
    portal = _portal(site, device)
    issued = device.issued
    told: dict[str, Any] = msgspec.json.decode(issued.body) if issued.body else {}
    offline = told.get("offline", {})
    max_age_s = int(offline.get("max_age_s", 0))
    shows_all = (device.posture or 0) == issued.version and (device.list_version or 0) == issued.list_version
    heard = device.last_seen
    return Rules(
        level=int(told.get("level", 3)),
        emergency=told.get("emergency"),
        entry=offline.get("entry", NEVER),
        exit=offline.get("exit", "free"),  # without any posture the way out is free
        escape_route=portal.is_escape_route,
        max_age_s=max_age_s,
        trusted_until=None if device.online or heard is None else heard + timedelta(seconds=max_age_s),
        list_expires_at=issued.list_expires_at,
        follows=shows_all and (device.revoked or 0) == issued.revoked_version,
    )


async def ask(
    site: Site, device: Device, by: str, holder: str | None, credential: str | None, at: datetime | None
) -> Asked:
    """What it would decide of a person (the school's id) or of one credential (its reference), at `at` or now.

    Raises `DecidesNothing`, `TooFar`, `NobodyOfThatName`, `LedgerUnavailable`.
    """
    portal = _portal(site, device)
    if at is not None and abs(at - site.clock.now()) > timedelta(seconds=site.rules.list_life_s):
        raise TooFar(f"at most {site.rules.list_life_s // 86_400} days ago or ahead: no list lives longer")
    ref, cards, others = _cards(site.directory, holder, credential)
    await reading.note(site, by, "lone_list", len(cards), ref)
    rules, now = rules_of(site, device), site.clock.now()
    moment = at or now
    standing = _standing(rules, device, moment, now)
    local = moment.astimezone(site.campus.timezone)
    entries = _entries(site, device, portal, ref, cards, moment)
    answers: list[Answer] = []
    for card in cards:
        own = [entry for entry in entries if entry.credential.ref == card.ref]
        revoked = token(device.token_key, card.kind.value, card.value) in device.issued.revoked_tokens
        for direction in (one for one in Direction if one in portal.directions):
            if direction is Direction.IN:
                alone = entering(standing, own, revoked, local)
            else:
                alone = leaving(standing, own, revoked, portal.is_escape_route, local)
            fitting = [entry for entry in own if direction in entry.directions]
            levels = tuple(sorted({int(level) for entry in fitting for level in entry.levels}))
            always = any(entry.windows is None for entry in fitting)
            answers.append(Answer(card.ref, direction, alone, levels, always))
    return Asked(ref, moment, rules, tuple(answers), others)


def _cards(directory: Directory, holder: str | None, credential: str | None) -> tuple[str, list[Credential], int]:
    """Whose they are, the cards that are asked about, and how many credentials no list has."""
    if credential is not None:
        found = directory.credential(credential)
        if found is None or (holder is not None and directory.holders.get(found.holder) != directory.with_id(holder)):
            raise NobodyOfThatName
        is_card = found.kind is CredentialKind.CARD
        return found.holder, [found] if is_card else [], 0 if is_card else 1
    person = None if holder is None else directory.with_id(holder)
    if person is None:
        raise NobodyOfThatName
    held = sorted((c for c in directory.credentials.values() if c.holder == person.ref), key=lambda c: c.ref)
    cards = [one for one in held if one.kind is CredentialKind.CARD]
    return person.ref, cards, len(held) - len(cards)


def _entries(
    site: Site, device: Device, portal: Portal, holder: str, cards: list[Credential], moment: datetime
) -> list[LoneEntry]:
    """The entries of these cards, as the rules give them: the list itself is bytes under another key."""
    person = site.directory.holders.get(holder)
    if person is None or (credential_lists.names_only_residents(site, portal) and person.dormitory != portal.zone):
        return []
    few = replace(
        site.directory,
        holders={holder: person},
        credentials={(card.kind, card.value): card for card in cards},
        by_id=None,
        by_ref=None,
    )
    return list(lone_entries(site.campus, few, portal, _days(site, device, moment)))


def _standing(rules: Rules, device: Device, moment: datetime, now: datetime) -> Standing:
    heard = now if device.online else device.last_seen
    young = heard is not None and moment - heard <= timedelta(seconds=rules.max_age_s)
    ends = rules.list_expires_at
    return Standing(Level(rules.level), rules.emergency, rules.entry, rules.exit, young, ends is None or moment < ends)


def _portal(site: Site, device: Device) -> Portal:
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or not credential_lists.keeps_list(device):
        raise DecidesNothing
    return portal


def _days(site: Site, device: Device, moment: datetime) -> list[Any]:
    ends = device.issued.list_expires_at
    if ends is None or ends < moment:
        ends = moment + timedelta(seconds=site.rules.list_life_s)
    return credential_lists.days_of(site.campus, min(moment, site.clock.now()), ends)


def _count(campus: Campus, directory: Directory, portal: Portal, days: list[Any], only_residents: bool) -> Counts:
    """Runs in a thread."""
    people: set[str] = set()
    by_level = {1: 0, 2: 0, 3: 0}
    entries = 0
    found = {(direction, always): 0 for direction in Direction for always in (True, False)}
    for number, one in enumerate(lone_entries(campus, directory, portal, days)):
        if number % REST_EVERY == 0:
            time.sleep(REST_S)
        holder = directory.holders.get(one.credential.holder)
        if only_residents and (holder is None or holder.dormitory != portal.zone):
            continue
        entries += 1
        people.add(one.credential.holder)
        for direction in one.directions:
            found[direction, one.windows is None] += 1
        if Direction.IN in one.directions:
            for level in one.levels:
                by_level[int(level)] += 1
    return Counts(
        entries,
        len(people),
        found[Direction.IN, True],
        found[Direction.IN, False],
        found[Direction.OUT, True],
        found[Direction.OUT, False],
        MappingProxyType(by_level),
    )
