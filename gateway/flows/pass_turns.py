"""A code lets one person in at a time: from a grant until somebody went through, it opens no other reader.

Theory. Presence says who is inside, and changes when somebody really went through. Between a grant and that passage a
copy of the code could be shown at another reader. So a granted code has its turn at one reader: taken in the same
moment in which the decision is made, before it is written, so that of twenty readers that ask at once one has it. The
turn ends with the passage (from then on presence says it), with the device's word that the door stayed shut, with a
record that could not be written, and by itself when nobody came: after the time that the door is held and the seconds
in which a passage is told. The same reader may grant again meanwhile: who hesitated shows the code once more.

Promises: after a restart the turns are those of the ledger's last moments. Leaving knows no turns. Leaves to others:
refusing (`decide`), the count of a pass with n uses (`pass_uses`), saying that a code is shared (`pass_watch`).
"""

from dataclasses import dataclass, replace

from devices.limits import PASSAGE_GRACE_S
from gateway.core.kinds import CredentialKind, Direction
from gateway.core.nouns import Credential, Request
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import PassTurn, Site

LONGEST_S = 60.0 + PASSAGE_GRACE_S
"""How far back the ledger is looked through at start; no door is held longer."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that was taken a moment ago, and what was there before, should it have to be given back."""

    credential: str
    turn: PassTurn
    before: PassTurn | None


def beside(site: Site, device: str, request: Request) -> Request:
    """The request, and whether its code has its turn at another reader just now."""
    if request.credential is not CredentialKind.QR or (not site.pass_turns and not request.granted_elsewhere):
        return request
    held = site.directory.credentials.get((request.credential, request.value))
    elsewhere = held is not None and is_elsewhere(site, held.ref, device)
    return request if elsewhere is request.granted_elsewhere else replace(request, granted_elsewhere=elsewhere)


def is_elsewhere(site: Site, credential: str, device: str) -> bool:
    """True if this credential has its turn at another reader."""
    turn = site.pass_turns.get(credential)
    if turn is None:
        return False
    if turn.until <= site.clock.monotonic():
        del site.pass_turns[credential]
        return False
    return turn.device != device


def take(
    site: Site, device: str, tap: str, held: Credential | None, direction: Direction, command: str
) -> Taken | None:
    """It is decided that `held` is let in at `device`: nobody else is, until that is over. None for what is no code."""
    if held is None or held.kind is not CredentialKind.QR or direction is not Direction.IN:
        return None
    turn = PassTurn(device, tap, held.holder, command, site.clock.monotonic() + _lasts_s(site, device))
    taken = Taken(held.ref, turn, site.pass_turns.get(held.ref))
    site.pass_turns[held.ref] = turn
    return taken


def give_back(site: Site, taken: Taken | None) -> None:
    """What was decided has not come to be."""
    if taken is None or site.pass_turns.get(taken.credential) is not taken.turn:
        return
    if taken.before is None:
        del site.pass_turns[taken.credential]
    else:
        site.pass_turns[taken.credential] = taken.before


def went_through(site: Site, device: str, holder: str) -> None:
    """Somebody is in: presence speaks for the code from now on."""
    for credential in [c for c, turn in site.pass_turns.items() if turn.holder == holder and turn.device == device]:
        del site.pass_turns[credential]


def did_not_open(site: Site, command: str) -> None:
    """The device says that it did not carry out this grant."""
    for credential in [c for c, turn in site.pass_turns.items() if turn.command == command]:
        del site.pass_turns[credential]


def stayed_shut(site: Site, device: str, tap: str) -> None:
    """The device has answered this tap alone, and shut: a grant that comes later will be refused."""
    for credential in [c for c, turn in site.pass_turns.items() if (turn.device, turn.tap) == (device, tap)]:
        del site.pass_turns[credential]


async def load(site: Site) -> None:
    """At start: who was let in a moment ago and may be on the way through."""
    site.pass_turns.clear()
    try:
        rows = await site.archive.rows_since({"decision": '"qr"', "answer": ""}, site.clock.after(-LONGEST_S))
        firsts = await site.archive.told([f"t:{row['device']}:{row['tap']}" for row in rows if "waited_ms" in row])
    except LedgerUnavailable:
        return
    for row in rows:
        first = firsts.get(f"t:{row['device']}:{row['tap']}", {}) if "waited_ms" in row else row
        credential, holder = first.get("credential"), row["holder"]
        if (row["outcome"], row["direction"], first.get("credential_kind")) != ("grant", "in", "qr"):
            continue
        left_s = _lasts_s(site, row["device"]) - site.clock.elapsed_s(row["at"])
        if credential is not None and holder is not None and left_s > 0:
            until = site.clock.monotonic() + left_s
            site.pass_turns[credential] = PassTurn(row["device"], row["tap"], holder, row["command"], until)


def _lasts_s(site: Site, device: str) -> float:
    known = site.devices.get(device)
    portal = None if known is None else site.campus.portals.get(known.portal or "")
    return (0 if portal is None else portal.hold_ms) / 1000 + PASSAGE_GRACE_S
