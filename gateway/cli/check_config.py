"""`wardgate check-config`: every fault of a configuration at once, before anything opens."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json
from gateway.core.windows import EVERY_DAY, Window
from gateway.settings import ConfigurationError, Settings, environment, load

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def check_config(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The same as --config.")] = None,
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Name every fault of the configuration with file and line; without one, say what it consists of."""
    directory = folder or config
    if not directory.is_dir():
        fail(f"there is no folder {directory}", COULD_NOT_RUN)
    try:
        settings = load(directory, environment())
    except ConfigurationError as error:
        if as_json:
            faults = [
                {"file": fault.file, "line": fault.line or None, "field": fault.field, "message": fault.message}
                for fault in error.faults
            ]
            result_json({"ok": False, "faults": faults})
        else:
            for fault in error.faults:
                result(str(fault))
            count = len(error.faults)
            result(f"{count} fault{'s' if count > 1 else ''}")
        raise typer.Exit(FOUND_WRONG) from None
    if as_json:
        result_json({"ok": True, "faults": [], **_facts(settings)})
    else:
        for line in _summary(settings):
            result(line)


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
    lines.append("no faults")
    return lines


def _tree_line(settings: Settings, zone: str) -> str:
    private = " (private)" if zone in settings.private_zones else ""
    return " < ".join(settings.campus.around(zone)) + private


def _window(window: Window) -> str:
    days = "" if window.days == EVERY_DAY else " ".join(_DAYS[day] for day in sorted(window.days)) + " "
    return f"{days}{_time(window.from_min)}–{_time(window.to_min)}"


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
