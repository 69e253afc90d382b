"""What was told, in the forms that others need: an answer read back from the ledger, an event for the screens."""

from datetime import datetime
from typing import Any

from gateway.core.kinds import Direction
from gateway.core.nouns import Decision, Request
from gateway.flows.devices import Device
from gateway.flows.site import Answered, Site


def answered(body: dict[str, Any]) -> Answered:
    """The answer that a decision's ledger row tells of."""
    return Answered(
        outcome=body["outcome"],
        reason=body["reason"],
        command=body["command"],
        holder=body["holder"],
        direction=body["direction"],
        at=as_time(body["device_at"]),
        hold_ms=body["hold_ms"],
        wait_ms=body["wait_ms"],
    )


def as_time(value: datetime | str) -> datetime:
    """A time from a ledger row, where it is text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def person(site: Site, ref: str | None) -> dict[str, str] | None:
    """What a screen may show of a holder."""
    holder = None if ref is None else site.directory.holders.get(ref)
    return None if holder is None else {"id": holder.id, "name": holder.name, "kind": holder.kind.value}


def decision_event(
    site: Site, device: Device, tap: str, request: Request, decision: Decision, answered: Answered
) -> dict[str, Any]:
    """A decision as the live page shows it. Words and findings stay as they are until somebody encodes them: whoever
    taps waits for this."""
    return {
        "type": "decision",
        "id": f"{device.id}:{tap}",
        "at": answered.at,
        "portal": request.portal,
        "direction": request.direction,
        "device": device.id,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "holder": person(site, decision.holder),
        "credential": request.credential,
        "level": int(decision.level),
        "trace": decision.trace,
        "notices": decision.notices,
        "slip": slip(site, decision.holder, request.direction, answered.at),
    }


def slip(site: Site, holder: str | None, direction: Direction, now: datetime) -> dict[str, Any] | None:
    """What the gate sees of a leave slip with the tap: until when, who collects, a late return. Never why."""
    for one in site.directory.papers.slips.get(holder or "", ()):
        late = direction is Direction.IN and one.is_absent(now)
        if late or (direction is Direction.OUT and one.starts_at <= now < one.ends_at):
            collector = person(site, one.collector)
            return {"starts_at": one.starts_at, "ends_at": one.ends_at, "collector": collector, "late": late}
    return None


def second_answer(first: Answered, body: dict[str, Any]) -> Answered:
    """What a tap that waited was told in the end."""
    return Answered(
        outcome=body["outcome"],
        reason=body["reason"],
        command=body["command"],
        holder=body.get("holder", first.holder),  # a guard may have found out which plate it is
        direction=first.direction,
        at=first.at,
        hold_ms=first.hold_ms,
        wait_ms=None,
    )
