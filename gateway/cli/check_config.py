"""`wardgate check-config`: every fault of a configuration at once, before anything opens; then what it does not cover.

A fault keeps the gateway from starting. A gap does not: it is told with file and line, and only `--strict` makes it
count.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.campus_file import FILE as CAMPUS_FILE
from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import other_owner
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json
from gateway.config_faults import Fault
from gateway.core.coverage import Gap, Known, Lack
from gateway.core.coverage_rules import gaps
from gateway.core.week import DAY_NAMES
from gateway.core.windows import EVERY_DAY, Window
from gateway.plan_file import notes as plan_notes
from gateway.settings import ConfigurationError, Settings, environment, load, policy_path
from gateway.store.looking import NotLookedAt, look_up
from gateway.yaml_lines import Document, FieldPath, read_file, spell


def check_config(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The same as --config.")] = None,
    config: ConfigOption = HERE,
    strict: Annotated[bool, typer.Option("--strict", help="End with status 1 if anything is not covered.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Name every fault of the configuration with file and line; without one, say what it consists of and lacks."""
    directory = folder or config
    if not directory.is_dir():
        fail(f"there is no folder {directory}", COULD_NOT_RUN)
    try:
        settings = load(directory, environment())
    except ConfigurationError as error:
        if as_json:
            result_json({"ok": False, "faults": [_as_json(fault) for fault in error.faults]})
        else:
            for fault in error.faults:
                result(str(fault))
            result(_count(len(error.faults), "fault"))
        raise typer.Exit(FOUND_WRONG) from None
    coverage = _look(settings)
    if as_json:
        result_json({"ok": True, "faults": [], **_facts(settings), **coverage.as_json()})
    else:
        for line in [*_summary(settings), *coverage.lines()]:
            result(line)
    if coverage.must_not_stay or (strict and coverage.notes):
        raise typer.Exit(FOUND_WRONG)


@dataclass(frozen=True, slots=True)
class _Coverage:
    """What is not covered, each gap beside the place where it stands."""

    notes: tuple[tuple[Gap, Fault], ...]
    not_looked_at: str | None
    not_on_plan: tuple[Fault, ...] = ()

    @property
    def must_not_stay(self) -> bool:
        return any(gap.lack is Lack.CAMERA_IN_PRIVATE_ZONE for gap, _ in self.notes)

    def lines(self) -> list[str]:
        lines = []
        if self.not_looked_at is not None:
            lines.append(f"devices and people were not looked at: {self.not_looked_at}")
        if self.notes:
            lines.append("not covered")
            lines += [f"  {place}" for _, place in self.notes]
        if self.not_on_plan:
            lines.append("not on the plan")
            lines += [f"  {place}" for place in self.not_on_plan]
        count = len(self.notes) + len(self.not_on_plan)
        return [*lines, f"no faults, {_count(count, 'note')}" if count else "no faults"]

    def as_json(self) -> dict[str, Any]:
        return {
            "not_covered": [{"lack": gap.lack.value, **_as_json(place)} for gap, place in self.notes],
            "not_looked_at": self.not_looked_at,
            "not_on_plan": [_as_json(place) for place in self.not_on_plan],
        }


def _look(settings: Settings) -> _Coverage:
    known: Known | None = None
    why: str | None = None
    try:
        owner = other_owner(settings)
        if owner is not None:
            raise NotLookedAt(f"{settings.data} belongs to {owner}; run this as that user to have them looked at")
        known = look_up(settings.database_url)
    except NotLookedAt as error:
        why = str(error)
    policy = policy_path(settings.directory)
    files = {
        CAMPUS_FILE: read_file(settings.directory / CAMPUS_FILE),
        policy.name: read_file(policy),
    }
    notes = [(gap, _place(gap, files, policy.name)) for gap in gaps(settings.campus, settings.private_zones, known)]
    not_on_plan = plan_notes(settings.directory, settings.plans, settings.campus, settings.cameras)
    return _Coverage(tuple(sorted(notes, key=lambda note: note[1])), why, tuple(not_on_plan))


def _place(gap: Gap, files: dict[str, Document], policy: str) -> Fault:
    """The file, line and field of what a gap concerns."""
    is_policy = gap.where[0] == "policy"
    name = policy if is_policy else CAMPUS_FILE
    at = files[name].data
    path: FieldPath = ()
    for step in gap.where[1:] if is_policy else gap.where:
        if isinstance(at, list) and isinstance(step, str):
            step = next(index for index, one in enumerate(at) if step in _names(one))
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            break  # not written down: the line of what is around it
        path = (*path, step)
    return Fault(name, files[name].line(path), spell(path), gap.message)


def _names(entry: Any) -> tuple[Any, ...]:
    """What an entry of a list goes by."""
    return (entry.get("id"), entry.get("name")) if isinstance(entry, dict) else (entry,)


def _as_json(fault: Fault) -> dict[str, Any]:
    return {"file": fault.file, "line": fault.line or None, "field": fault.field, "message": fault.message}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _facts(settings: Settings) -> dict[str, Any]:
    campus = settings.campus
    return {
        "site": campus.site,
        "profile": campus.profile.value,
        "timezone": str(campus.timezone),
        "zones": sorted(campus.zones),
        "portals": sorted(campus.portals),
        "gates": sorted(settings.gates),
        "groups": sorted({group for rule in campus.permissions for group in rule.groups}),
        "roles": sorted(settings.roles),
        "http": f"{settings.http_host}:{settings.http_port}",
        "tls": settings.tls_cert is not None,
        "mqtt": settings.mqtt_url,
        "data": str(settings.data),
    }


def _summary(settings: Settings) -> list[str]:
    campus = settings.campus
    scheme = "https" if settings.tls_cert else "http"
    database = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    lines = [
        f"{campus.name.en} · {campus.name.zh} (site {campus.site}, profile {campus.profile}, {campus.timezone})",
        f"pages     {scheme}://{settings.http_host}:{settings.http_port}",
        f"broker    {settings.mqtt_url} as {settings.mqtt_username}",
        f"database  {database}, data in {settings.data}",
        f"zones     {' · '.join(_tree_line(settings, zone) for zone in campus.zones)}",
        "portals",
    ]
    for portal in campus.portals.values():
        ways = "/".join(sorted(portal.directions))
        escape = ", escape route" if portal.is_escape_route else ""
        lines.append(f"  {portal.id}: {portal.kind}, {portal.outside} → {portal.zone} ({ways}{escape})")
        for rule in campus.permissions_by_portal[portal.id]:
            when = "at any hour" if rule.windows is None else ", ".join(_window(window) for window in rule.windows)
            own = ", own building only" if rule.own_dormitory and portal.id not in rule.portals else ""
            late = ", recorded as late" if rule.late_return else ""
            lines.append(f"    {', '.join(sorted(rule.groups))}: {when}{own}{late}")
    return lines


def _tree_line(settings: Settings, zone: str) -> str:
    private = " (private)" if zone in settings.private_zones else ""
    return " < ".join(settings.campus.around(zone)) + private


def _window(window: Window) -> str:
    days = "" if window.days == EVERY_DAY else " ".join(DAY_NAMES[day] for day in sorted(window.days)) + " "
    return f"{days}{_time(window.from_min)}–{_time(window.to_min)}"


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
