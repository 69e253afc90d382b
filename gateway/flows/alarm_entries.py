"""Which alarm is an entry of the list, and which one a member of another: the rules of `core.alarm_groups` at work.

Promises: a member keeps its own id, place and count; an entry whose causes are all over says so; what one alarm
explains (the door of a lost device) is a member of that one, and stands for itself again when the explanation ends.
Leaves to others: raising, clearing and writing (`alarms`), what people do (`alarm_acts`), a restart (`alarm_start`).
"""

import secrets
from dataclasses import replace

from gateway.core import alarm_groups
from gateway.core.alarm_catalogue import ExplainedBy, Near, Priority
from gateway.core.alarm_course import State
from gateway.core.alarm_groups import Chatter, Joins, Newcomer, OpensFlood
from gateway.core.kinds import ZoneKind
from gateway.core.levels import emergency_in
from gateway.core.papers import EmergencyKind
from gateway.flows import places
from gateway.flows.open_alarms import Alarm
from gateway.flows.site import Site


def enter(site: Site, alarm: Alarm) -> tuple[Alarm, Alarm | None]:
    """A new alarm takes its place: it, perhaps a member now; and the entry that was made or has grown by it."""
    head = _explained_by(site, alarm)
    mono = site.clock.monotonic()
    if head is None:
        newcomer = Newcomer(site.catalogue.of(alarm.condition), Priority(alarm.priority), alarm.zone, alarm.room)
        match site.alarms.entries.judge(newcomer, mono):
            case Joins(id):
                head = site.alarms.by_id.get(id)
            case OpensFlood():
                head = _open_flood(site, alarm)
            case _:
                pass
    if head is None:
        counts = site.catalogue.of(alarm.condition).may_be_shelved
        site.alarms.entries.entered(alarm.id, (alarm.condition, alarm.zone), mono, alarm.room, counts=counts)
        site.alarms.put(alarm)
        return alarm, None
    site.alarms.entries.joined(head.id, mono)
    member = replace(alarm, in_group=head.id)
    site.alarms.put(member)
    return member, _grown(site, head, member)


def comes(site: Site, alarm: Alarm) -> int:
    """A condition has come (anew): how often since it began to chatter, 0 while it does not."""
    if site.catalogue.of(alarm.condition).is_life_safety:
        return 0
    chatter = site.alarms.chatter.setdefault((alarm.condition, alarm.place), Chatter())
    return chatter.times if chatter.comes(site.clock.monotonic()) else 0


def priority_at(site: Site, condition: str, zone: str) -> str:
    """How loud a condition is in a zone just now."""
    kind = site.catalogue.of(condition)
    if kind.lower_in_evacuation and zone and emergency_in(site.world, EmergencyKind.EVACUATE, zone):
        return Priority.LOW.value
    return kind.priority.value


def zone_of(site: Site, place: str) -> str:
    """The zone that an alarm's place lies in; what stands nowhere belongs to the whole site."""
    found = places.zone_of(site, place)
    if found is not None:
        return found
    return next((zone.id for zone in site.campus.zones.values() if zone.kind is ZoneKind.SITE), "")


def released(site: Site, head: Alarm) -> list[Alarm]:
    """The explanation has ended: what it explained and still holds stands for itself from now on."""
    freed = []
    for member in site.alarms.members(head.id):
        rules = site.catalogue.of(member.condition).explained_by
        if member.holds and any(rule.condition == head.condition for rule in rules):
            site.alarms.drop(member)
            alone, other = enter(site, replace(member, in_group=None, state=State.UNACKNOWLEDGED.value))
            freed.append(alone)
            if other is not None:
                site.alarms.unwritten[other.id] = site.alarms.grown[other.id] = None
    return freed


def _explained_by(site: Site, alarm: Alarm) -> Alarm | None:
    for rule in site.catalogue.of(alarm.condition).explained_by:
        for other in site.alarms.by_id.values():
            if other.condition == rule.condition and other.holds and _is_near(site, rule, alarm, other):
                entry = other if other.in_group is None else site.alarms.by_id.get(other.in_group)
                if entry is not None and entry.id in site.alarms.entries.open:  # not put aside, not being closed
                    return entry
    return None


def _is_near(site: Site, rule: ExplainedBy, alarm: Alarm, other: Alarm) -> bool:
    match rule.near:
        case Near.DEVICE:
            return alarm.place == other.place
        case Near.PORTAL:
            portal = places.portal_of(site, alarm.place)
            return portal is not None and portal == places.portal_of(site, other.place)
        case Near.ZONE:
            return bool(alarm.zone) and other.zone in (alarm.zone, *site.campus.around(alarm.zone))


def _open_flood(site: Site, first: Alarm) -> Alarm:
    """The entry for whatever fits nowhere else."""
    mono = site.clock.monotonic()
    head = Alarm(
        secrets.token_hex(8), alarm_groups.FLOOD, site.campus.site, first.priority, "", State.UNACKNOWLEDGED.value, 0,
        first.opened_at, first.last_at, holds=False, zone="", told_at=first.opened_at,
    )  # fmt: skip
    site.alarms.entries.entered(head.id, (alarm_groups.FLOOD, ""), mono)
    site.alarms.put(head)
    site.alarms.unwritten[head.id] = None
    return head


def _grown(site: Site, head: Alarm, member: Alarm) -> Alarm:
    """An entry with one member more: as loud as the loudest; heard again with each high one, and once it is twice what
    somebody has seen."""
    loud = Priority(member.priority) is Priority.HIGH
    louder = Priority(member.priority).rank < Priority(head.priority).rank
    state = head.state
    changed = State(state) is State.ACKNOWLEDGED and (loud or louder or site.alarms.has_doubled(head.id))
    if changed or State(state) is State.RETURNED:
        state = State.UNACKNOWLEDGED.value
        site.alarms.seen(head.id)
    told_at = head.told_at if state == head.state else member.last_at
    grown = replace(
        head, priority=member.priority if louder else head.priority, state=state, told_at=told_at,
        last_at=member.last_at,
    )  # fmt: skip
    site.alarms.put(grown)
    return grown
