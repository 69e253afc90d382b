"""An incident begins: from an alarm, which gives what nobody has to type, or by hand.

Promises: an alarm belongs to one open incident at most; what noticed first is kept; a time that cannot be is refused
by its field. Leaves to others: what comes afterwards (`incidents`), who may (`web`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core import incident_course as course
from gateway.core.nouns import Directory
from gateway.core.papers.incidents import Incident, IncidentKind, MergedAlarm, Noticed
from gateway.flows import drill_marks, permits
from gateway.flows.incidents import (
    check_free,
    check_place,
    check_times,
    done,
    merged_of,
    step_of,
    tell_alarm,
    with_note,
)
from gateway.flows.permits import Step, WrongField
from gateway.flows.places import portal_of, zone_of
from gateway.flows.site import Site


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is said when an incident is opened by hand, or beside an alarm; None: as the alarm has it, or now."""

    kind: IncidentKind | None = None
    place: str | None = None
    zones: tuple[str, ...] = ()
    happened_at: datetime | None = None
    noticed_at: datetime | None = None
    noticed_how: Noticed | None = None
    drill: bool | None = None
    note: str = ""


async def open_from_alarm(site: Site, alarm: str, said: Beginning, by: str) -> Incident:
    """The alarm gives what was not said: kind, place, zone and time; it noticed first.

    Raises `WrongField`, `NotPossible` (`alarm_taken`: it belongs to another one), `LedgerUnavailable`.
    """
    merged = merged_of(site, alarm)
    zone = zone_of(site, merged.place)
    kind = course.KIND_OF_CONDITION.get(merged.condition, IncidentKind.OTHER)
    beginning = replace(
        said,
        kind=said.kind or kind,
        place=said.place or merged.place,
        zones=said.zones or (() if zone is None else (zone,)),
        happened_at=said.happened_at or merged.opened_at,
        noticed_at=said.noticed_at or merged.opened_at,
        noticed_how=said.noticed_how or (Noticed.CAMERA if merged.condition.startswith("camera_") else Noticed.ALARM),
        drill=_is_drill(site, merged) if said.drill is None else said.drill,
    )
    opened = await _open(site, beginning, by, noticed_by=merged.place, alarm=merged)
    await tell_alarm(site, alarm, opened.id, by)
    return opened


async def open_by_hand(site: Site, said: Beginning, by: str) -> Incident:
    """Somebody saw it, or was told. Raises `WrongField`, `LedgerUnavailable`."""
    if said.place is None:
        raise WrongField("place", "say where it is: a place, or a zone")
    if said.kind is None:
        raise WrongField("kind", "say what it is")
    zone = zone_of(site, said.place)
    beginning = replace(
        said,
        zones=said.zones or (() if zone is None else (zone,)),
        noticed_at=said.noticed_at or site.clock.now(),
        noticed_how=said.noticed_how or Noticed.OTHER,
    )
    return await _open(site, beginning, by, noticed_by=by, alarm=None)


async def _open(site: Site, said: Beginning, by: str, noticed_by: str, alarm: MergedAlarm | None) -> Incident:
    assert said.kind is not None and said.place is not None
    assert said.noticed_at is not None and said.noticed_how is not None
    check_place(site, said.place)
    permits.check_zones(site, frozenset(said.zones))
    kind, place, noticed_at, how = said.kind, said.place, said.noticed_at, said.noticed_how
    id = permits.new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        if alarm is not None:
            check_free(directory, alarm.id)
        check_times(said.happened_at, noticed_at, now)
        incident = Incident(
            id, kind, place, noticed_at, how, noticed_by, now, by,
            zones=said.zones,
            happened_at=said.happened_at,
            drill=bool(said.drill),
            alarms=() if alarm is None else (alarm,),
        )  # fmt: skip
        return step_of(with_note(incident, said.note, by, now), "opened", by)

    return await done(site, work_out)


def _is_drill(site: Site, alarm: MergedAlarm) -> bool:
    """What is in force at its place is a drill, or the alarm itself says so."""
    known = site.alarms.by_id.get(alarm.id)
    marked = known is not None and known.detail.startswith(drill_marks.WORD)
    return marked or drill_marks.holds_at(site, portal_of(site, alarm.place))
