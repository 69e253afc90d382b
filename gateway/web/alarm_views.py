"""How the API shows alarms: the list, one with its story, and the catalogue; and who may hear silent ones."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gateway.core.alarm_catalogue import Catalogue, Kind, OutReason, ShelfReason
from gateway.core.alarm_course import QUIET, State
from gateway.core.nouns import Label
from gateway.core.rights import Right
from gateway.flows.alarm_rows import SILENT, as_event
from gateway.flows.open_alarms import Alarm
from gateway.flows.reading import LedgerRow, PastAlarm
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.flows.told import as_time
from gateway.web import alarm_shapes as shapes
from gateway.web.kiosk_shapes import Both

RANK = {"high": 0, "medium": 1, "low": 2}


def hears_silent(who: Who | None) -> bool:
    """True for the control room: a silent alarm shows to nobody who may stand at the place itself, whoever it is that
    signed on at a kiosk."""
    at_a_kiosk = who is not None and who.session is not None and who.session.kiosk is not None
    return who is not None and not at_a_kiosk and who.may(frozenset({Right.CLOSE_ALARMS}))


def open_alarms(site: Site, with_silent: bool = False) -> list[shapes.AlarmInfo]:
    """The entries of the list: what is about somebody's life first, then by priority, then the newest first; silent
    ones only for whoever may hear them."""
    return [as_alarm(site, alarm) for alarm in in_order(site, site.alarms.shown(), with_silent)]


def open_at(site: Site, places: Iterable[str], with_silent: bool = False) -> list[shapes.AlarmInfo]:
    """What is wrong at these places, members of entries too: who stands there sees it, whatever the list groups. What
    the control room has put aside is not told."""
    wanted = frozenset(places)
    found = (one for one in site.alarms.by_id.values() if one.place in wanted and State(one.state) not in QUIET)
    return [as_alarm(site, alarm) for alarm in in_order(site, found, with_silent)]


def in_order(site: Site, alarms: Iterable[Alarm], with_silent: bool) -> list[Alarm]:
    heard = [alarm for alarm in alarms if with_silent or alarm.condition not in SILENT]
    newest_first = sorted(heard, key=lambda alarm: alarm.last_at, reverse=True)
    return sorted(newest_first, key=lambda alarm: _rank(site, alarm))


def _rank(site: Site, alarm: Alarm) -> tuple[bool, int]:
    return not site.catalogue.of(alarm.condition).is_life_safety, RANK.get(alarm.priority, 3)


def as_alarm(site: Site, alarm: Alarm) -> shapes.AlarmInfo:
    """An alarm in the words of the feed, as the API's shape."""
    event = {name: value for name, value in as_event(site, alarm).items() if name != "type"}
    return msgspec.convert(event, shapes.AlarmInfo)


def past_alarm(site: Site, past: PastAlarm) -> shapes.AlarmInfo:
    """One that may be closed."""
    shown = as_alarm(site, past.alarm)
    return msgspec.structs.replace(
        shown, closed_at=past.closed_at, disposal=past.code, words=past.words or None, again_at=None
    )


def timeline(rows: Sequence[LedgerRow]) -> list[shapes.AlarmMoment]:
    """What the rows of an alarm tell, the oldest first."""
    return [_moment(row) for row in rows]


def _moment(row: LedgerRow) -> shapes.AlarmMoment:
    body: dict[str, Any] = row.body
    until = body.get("until")
    return shapes.AlarmMoment(
        row.at,
        row.kind,
        until=None if until is None else as_time(until),
        **{name: body.get(name) for name in _TOLD},
    )


_TOLD = ("by", "count", "step", "done", "to", "outcome", "reason", "code", "room", "members", "incident")


def catalogue(of: Catalogue) -> shapes.CatalogueInfo:
    """The whole catalogue."""
    return shapes.CatalogueInfo(
        {id: _kind(kind) for id, kind in of.kinds.items()},
        of.shelf_at_most_s,
        [reason.value for reason in ShelfReason],
        [reason.value for reason in OutReason],
    )


def _kind(kind: Kind) -> shapes.AlarmKind:
    command = kind.command
    return shapes.AlarmKind(
        kind.priority.value,
        [shapes.ChecklistStep(step.id, _both(step.text)) for step in kind.what_to_do],
        list(kind.call),
        kind.camera,
        None if command is None else shapes.FirstCommandInfo(command.action, command.device_kind),
        kind.again_after_s,
        kind.escalate_after_s,
        _both(kind.consequence),
        [code.value for code in kind.disposals],
        kind.may_be_shelved,
        kind.is_life_safety,
    )


def _both(label: Label) -> Both:
    return Both(label.en, label.zh)
