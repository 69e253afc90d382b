"""A pass with n uses opens at most n times: each use is a row of its own, written with the grant or not at all.

Theory. The rows of one pass are numbered 1, 2, 3 … and the number is the ledger's unique key (`u:{credential}:{n}`). A
use is decided on the count that was read, and written as the row after it. If somebody was faster, that row is there
already, nothing is written, and the tap is decided again on the count that is true now. So whatever races, repeats or
ends in between, the rows are one line and the count follows from them. A use is given back only when the device itself
says that the door stayed shut, once for a tap, as one more row of the same line.

Promises: entering counts, leaving never does. After a crash between row and command the use is gone though nobody may
have passed: a pass opens too seldom, never too often. Leaves to others: refusing what is used up (`decide`).
"""

from dataclasses import dataclass

from gateway.core.nouns import Credential, Request
from gateway.flows.changes import PassUsed
from gateway.flows.devices import Device
from gateway.flows.ports import NUMBER_DIGITS, Entry, Known, LedgerUnavailable, Unit
from gateway.flows.site import Site
from gateway.flows.waits import Waiting

REMEMBERED = 1_000
"""Grants of such passes whose result the device may still tell."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use to be: its row, and the count after it."""

    credential: str
    number: int
    used: int
    key: str
    entry: Entry
    change: PassUsed
    command: str
    device: str
    tap: str
    by_count: bool = False
    """A guard counted people of a group: the count stands, whatever the device says, and so do its uses."""


def prefix_of(credential: str) -> str:
    """What the ledger keys of all rows of a pass begin with."""
    return f"u:{credential}:"


def key_of(credential: str, number: int) -> str:
    """The ledger key of one row of a pass."""
    return f"{prefix_of(credential)}{number:0{NUMBER_DIGITS}d}"


async def load(site: Site) -> None:
    """At start: how often each pass has opened."""
    site.used.clear()
    site.used.update(await site.archive.used())


def next_use(site: Site, device: Device, tap: str, request: Request, command: str) -> Use | None:
    """The use that a grant of this entry takes; None where the credential has no limit."""
    held = site.directory.credentials.get((request.credential, request.value))
    return None if held is None else use_of(site, held, device.id, device.portal, tap, command)


def use_of(
    site: Site, held: Credential, device: str, portal: str | None, tap: str, command: str, people: int | None = None
) -> Use | None:
    """The same for a credential that is known already. `people`: a guard counts so many in at once; what the pass has
    not got any more it does not lose."""
    if held.max_uses is None:
        return None
    before = site.used.get(held.ref, 0)
    taken = 1 if people is None else min(people, held.max_uses - before)
    if taken < 1:
        return None
    used = before + taken
    number = site.use_numbers.get(held.ref, before) + 1
    body = {
        "credential": held.ref,
        "device": device,
        "portal": portal,
        "tap": tap,
        "command": command,
        "used": used,
        "returned": False,
    }
    if people is not None:
        body |= {"people": taken}
    key = key_of(held.ref, number)
    entry = Entry("pass_used", site.clock.now(), body, key)
    return Use(held.ref, number, used, key, entry, PassUsed(held.ref, used), command, device, tap, people is not None)


def is_used_up(site: Site, held: Credential) -> bool:
    """True if it opens nothing any more."""
    return held.max_uses is not None and site.used.get(held.ref, 0) >= held.max_uses


def taken(site: Site, use: Use) -> None:
    """It is on disk: the next decision knows."""
    if use.number <= site.use_numbers.get(use.credential, 0):
        return  # a newer row has been seen meanwhile
    site.used[use.credential] = use.used
    site.use_numbers[use.credential] = use.number
    if use.by_count:
        return
    site.uses_granted[use.command] = (use.credential, use.device, use.tap)
    if len(site.uses_granted) > REMEMBERED:
        site.uses_granted.popitem(last=False)


async def look_again(site: Site, credential: str) -> list[dict[str, object]]:
    """Somebody was faster: count what the ledger has. Raises `LedgerUnavailable`."""
    rows = list(await site.archive.numbered(prefix_of(credential)))
    used = sum(-1 if row["returned"] else _people(row) for row in rows)
    if len(rows) >= site.use_numbers.get(credential, 0):
        site.used[credential] = max(0, used)
        site.use_numbers[credential] = len(rows)
    return rows


def _people(row: dict[str, object]) -> int:
    people = row.get("people", 1)
    return people if isinstance(people, int) else 1


async def did_not_open(site: Site, command: str) -> None:
    """The device says that it did not carry out this grant: if a use was taken for it, it is given back."""
    known = site.uses_granted.pop(command, None)
    if known is not None:
        await give_back(site, *known)


async def decided_alone(site: Site, device: Device, tap: str) -> None:
    """The device has answered this tap alone, and shut: a grant that comes later will be refused."""
    for command, (credential, its_device, its_tap) in list(site.uses_granted.items()):
        if (its_device, its_tap) == (device.id, tap):
            site.uses_granted.pop(command, None)
            await give_back(site, credential, its_device, its_tap)


async def give_back(site: Site, credential: str, device: str, tap: str) -> None:
    """One row more: this tap's use was none. Once only; what cannot be written now stays used."""
    try:
        while True:
            rows = await look_again(site, credential)
            of_tap = [row for row in rows if (row["device"], row["tap"]) == (device, tap)]
            if not of_tap or any(row["returned"] for row in of_tap):
                return
            used = max(0, site.used.get(credential, 0) - 1)
            number = site.use_numbers.get(credential, 0) + 1
            body = of_tap[0] | {"used": used, "returned": True}
            del body["at"]
            entry = Entry("pass_used", site.clock.now(), body, key_of(credential, number))
            result = await site.ledger.commit(Unit((entry,), (PassUsed(credential, used),)), 5.0)
            if not isinstance(result, Known):
                site.used[credential], site.use_numbers[credential] = used, number
                return
    except LedgerUnavailable:
        return


def held_by(site: Site, waiting: Waiting) -> Credential | None:
    """What somebody who waits has shown; after a restart only its reference is known."""
    if waiting.request.value:
        return site.directory.credentials.get((waiting.request.credential, waiting.request.value))
    if waiting.credential is None:
        return None
    return site.directory.credential(waiting.credential)
