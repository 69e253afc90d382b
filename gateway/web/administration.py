"""Handlers: a school's everyday work — people one by one, windows, roles, the campus file, backups."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from gateway.core.kinds import ZoneKind
from gateway.core.windows import Window
from gateway.flows import backups, configuration, one_person
from gateway.flows.backups import Backups
from gateway.flows.configuration import ConfigFault, Configuration
from gateway.flows.people_csv import BadPeople
from gateway.web import admin_shapes as shapes
from gateway.web.context import Call
from gateway.web.people import person_as_told
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.shapes import PersonWithCredentials

# ---------------------------------------------------------------- people


async def add_person(call: Call) -> PersonWithCredentials:
    """As a line of a file of people; the next tap knows."""
    given = call.body
    cells = {name: value for name, value in msgspec.to_builtins(given).items() if name != "groups"}
    try:
        await one_person.add(call.site, cells | {"groups": ";".join(given.groups)}, call.by.ref)
    except BadPeople as error:
        raise _wrong(error) from None
    except one_person.KnownAlready:
        raise Problem(Kind.CONFLICT, "known_already: there is a person with this id") from None
    return await person_as_told(call, given.id)


async def change_person(call: Call) -> PersonWithCredentials:
    id, given = call.path("person"), msgspec.to_builtins(call.body)
    if "groups" in given:
        given["groups"] = ";".join(given["groups"])
    try:
        await one_person.change(call.site, id, given, call.by.ref)
    except BadPeople as error:
        raise _wrong(error) from None
    except one_person.NoSuchPerson:
        raise not_found("person") from None
    except one_person.HasLeft:
        raise Problem(
            Kind.CONFLICT, "has_left: this person has left; a table that names them takes them back"
        ) from None
    return await person_as_told(call, id)


def _wrong(error: BadPeople) -> Problem:
    return Problem(Kind.VALIDATION, errors=tuple(FieldError(line.field, line.message) for line in error.lines))


# ---------------------------------------------------------------- windows and roles


async def get_windows(call: Call) -> shapes.Rights:
    campus, holders = call.site.campus, call.site.directory.holders.values()
    people = Counter(group for holder in holders for group in holder.groups)
    by_group: dict[str, list[str]] = {group: [] for group in people}
    for rule in campus.permissions:
        for group in rule.groups:
            by_group.setdefault(group, []).append(rule.name)
    return shapes.Rights(
        groups=[shapes.PermissionGroup(group, people[group], names) for group, names in sorted(by_group.items())],
        dormitories=[zone.id for zone in campus.zones.values() if zone.kind is ZoneKind.DORMITORY],
        permissions=[
            shapes.PermissionInfo(
                rule.name,
                sorted(rule.groups),
                [portal for portal in campus.portals if portal in rule.portals],
                None if rule.windows is None else _windows(rule.windows),
                rule.own_dormitory,
                rule.late_return,
            )
            for rule in campus.permissions
        ],
        leaving=_windows(campus.leaving_windows),
        visiting=_windows(campus.visiting_hours),
        curfew=None if campus.curfew is None else _window(campus.curfew),
        lanes=[
            shapes.LaneWindows(portal.id, sorted(kind.value for kind in lane.day_kinds), _window(lane.window))
            for portal in campus.portals.values()
            for lane in portal.vehicle_windows
        ],
        calendar=[shapes.DayInfo(f"{day:%Y-%m-%d}", kind.value) for day, kind in sorted(campus.calendar.items())],
    )


def _windows(windows: Iterable[Window]) -> list[shapes.HoursInfo]:
    return [_window(window) for window in windows]


def _window(window: Window) -> shapes.HoursInfo:
    return shapes.HoursInfo(window.from_min, window.to_min, sorted(window.days))


async def list_roles(call: Call) -> shapes.Roles:
    return shapes.Roles([shapes.RoleInfo(role, sorted(rights)) for role, rights in call.parts.roles.items()])


# ---------------------------------------------------------------- the configuration


async def get_configuration(call: Call) -> shapes.ConfigurationInfo:
    """Also whether it is right as it lies there."""
    desk = _configuration(call)
    files, faults = await desk.files(), await desk.faults()
    return shapes.ConfigurationInfo(
        [shapes.FileInfo(file.name, file.modified_at, file.is_changed) for file in files],
        _faults(faults),
        await _proposal(call, desk),
        desk.may_restart,
    )


async def get_campus_file(call: Call) -> shapes.ConfigurationText:
    try:
        text = await _configuration(call).text()
    except (OSError, UnicodeDecodeError):
        raise not_found("campus file") from None
    return shapes.ConfigurationText(text, configuration.digest_of(text))


async def check_configuration(call: Call) -> shapes.Faults:
    return shapes.Faults(_faults(await _configuration(call).faults(call.body.text)))


async def propose_configuration(call: Call) -> shapes.ProposalInfo:
    desk = _configuration(call)
    try:
        await desk.propose(call.body.text, call.body.based_on, call.by.ref)
    except (OSError, UnicodeDecodeError):
        raise not_found("campus file") from None
    except configuration.Faulty as error:
        raise _faulty(error.faults) from None
    except configuration.NotSo as error:
        raise _not_so(error) from None
    told = await _proposal(call, desk)
    assert told is not None, "it was just made"
    return told


async def withdraw_proposal(call: Call) -> None:
    try:
        await _configuration(call).withdraw(call.body.digest, call.by.ref)
    except configuration.NotSo as error:
        raise _not_so(error) from None


async def accept_proposal(call: Call) -> shapes.ConfigurationInfo:
    """The second person's word; it holds from the next start."""
    try:
        await _configuration(call).put_in_force(call.body.digest, call.by.ref)
    except configuration.Faulty as error:
        raise _faulty(error.faults) from None
    except configuration.NotSo as error:
        raise _not_so(error) from None
    except OSError as error:
        raise Problem(Kind.CONFLICT, f"not_written: the file cannot be written: {error.strerror}") from None
    return await get_configuration(call)


async def restart_gateway(call: Call) -> None:
    try:
        await _configuration(call).start_anew(call.by.ref)
    except configuration.Faulty as error:
        raise _faulty(error.faults) from None
    except configuration.NotSo:
        raise Problem(Kind.CONFLICT, "not_here: whoever started this gateway starts it anew") from None


NOT_SO = {
    "nothing_new": "nothing is different",
    "changed_meanwhile": "the file was changed meanwhile; look at it as it is now",
    "no_proposal": "nothing is proposed any more",
    "same_person": "whoever proposed it cannot be the second person",
    "another": "something else is proposed by now",
}


def _not_so(error: configuration.NotSo) -> Problem:
    return Problem(Kind.CONFLICT, f"{error.code}: {NOT_SO[error.code]}")


def _faulty(faults: Sequence[ConfigFault]) -> Problem:
    return Problem(
        Kind.VALIDATION,
        "the gateway could not start with it",
        tuple(FieldError(f"{one.file}:{one.line}", f"{one.field}: {one.message}") for one in faults[:200]),
    )


def _faults(faults: Sequence[ConfigFault]) -> list[shapes.FaultInfo]:
    return [shapes.FaultInfo(one.file, one.line, one.field, one.message) for one in faults[:500]]


async def _proposal(call: Call, desk: Configuration) -> shapes.ProposalInfo | None:
    found = desk.proposal
    if found is None:
        return None
    users = {user.ref: user.name for user in await call.parts.accounts.users()}
    mine = found.by == call.by.ref
    return shapes.ProposalInfo(found.digest, users.get(found.by, found.by), found.at, mine, list(found.lines))


def _configuration(call: Call) -> Configuration:
    if call.parts.configuration is None:
        raise not_found("configuration")
    return call.parts.configuration


# ---------------------------------------------------------------- backups


async def list_backups(call: Call) -> shapes.BackupsInfo:
    return await _backups_info(_backups(call))


async def make_backup(call: Call) -> shapes.BackupsInfo:
    made_by = _backups(call)
    try:
        await made_by.make(call.by.ref)
    except backups.Underway:
        raise Problem(Kind.CONFLICT, "underway: one is being made already") from None
    except backups.BackupFailed as error:
        raise Problem(Kind.CONFLICT, f"not_made: {error}") from None
    return await _backups_info(made_by)


async def _backups_info(made_by: Backups) -> shapes.BackupsInfo:
    failed = made_by.failed
    try:
        files = await made_by.files()
    except backups.BackupFailed as error:
        files, failed = [], str(error)
    rules = made_by.rules
    return shapes.BackupsInfo(
        [shapes.BackupInfo(file.name, file.made_at, file.size) for file in files],
        rules.nightly,
        rules.at_min,
        rules.keep,
        made_by.is_underway,
        failed,
    )


def _backups(call: Call) -> Backups:
    if call.parts.backups is None:
        raise not_found("backups")
    return call.parts.backups
