"""`wardgate device`: enrol, retire, list."""

from typing import Annotated

import typer

from devices.signing import new_key
from gateway.cli.broker_files import keep_in_step
from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import FOUND_WRONG, fail, result, result_json, say
from gateway.flows.enrolment import (
    AlreadyEnrolled,
    Bundle,
    NotEnrolled,
    Place,
    WrongEnrolment,
    check_kind,
    check_name,
    device_enrolled,
    device_key_changed,
    device_retired,
    new_enrolment,
)
from gateway.flows.ports import Unit
from gateway.mqtt.broker_config import taken_names
from gateway.settings import Settings, environment, load
from gateway.store.enrolment import (
    all_devices,
    enrol_change,
    enrolled_named,
    password_of,
    retire_change,
    rotate_key_change,
)

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="reader, dorm, camera, bollard or panel.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The device's name: a-z, 0-9 and -, up to 63.")]


def enrol(
    kind: KindArgument,
    device: IdArgument,
    config: ConfigOption = HERE,
    portal: Annotated[str | None, typer.Option(help="Where a reader, dorm, bollard or lane camera stands.")] = None,
    zone: Annotated[str | None, typer.Option(help="Where a panel or another camera stands.")] = None,
    location: Annotated[list[str] | None, typer.Option(help="The name of one panic button of a panel.")] = None,
    rotate_key: Annotated[bool, typer.Option("--rotate-key", help="Give an enrolled device a new key.")] = False,
) -> None:
    """Enrol a device and print what it has to know, once, as one JSON object."""
    settings = load(config, environment())
    try:
        if rotate_key:
            if portal is not None or zone is not None or location:
                raise WrongEnrolment("portal", "a new key changes no place: leave --portal, --zone and --location out")
            _rotate_key(settings, kind, device)
            return
        place = Place(portal, zone, tuple(location or ()))
        enrolment = new_enrolment(
            kind, device, place, settings.campus, settings.private_zones, taken_names(settings.mqtt_username)
        )
    except WrongEnrolment as error:
        fail(f"{error.field}: {error}", FOUND_WRONG)
    with open_site_store(settings) as store:
        at = now()
        unit = Unit(
            entries=(device_enrolled(enrolment, BY, at),),
            changes=(enrol_change(enrolment, store.sealer, at),),
            directory=True,
        )
        try:
            store.commit(unit)
        except AlreadyEnrolled:
            fail(f"{device} is enrolled already; `--rotate-key` gives it a new key, `device retire` lets it go")
        _hand_over(settings, store, kind, device, enrolment.key, enrolment.password)


def retire(device: IdArgument, config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Let a device go: from now on the gateway and the broker refuse it."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        at = now()
        unit = Unit((device_retired(device, BY, at),), (retire_change(device, at),), directory=True)
        try:
            store.commit(unit)
        except NotEnrolled:
            fail(f"no device {device!r} is enrolled")
        trouble = keep_in_step(settings, store)
    if as_json:
        result_json({"device": device, "retired": True})
    else:
        say(f"{device} is retired")
    if trouble is not None:
        fail(f"{device} is retired, but {trouble}")


def list_devices(
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were retired.")] = False,
) -> None:
    """List the enrolled devices and where they stand."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        devices = store.read(lambda conn: all_devices(conn, everything))
    if as_json:
        result_json(
            [
                {
                    "device": one.id,
                    "kind": one.kind,
                    "portal": one.place.portal,
                    "zone": one.place.zone,
                    "locations": list(one.place.locations),
                    "enrolled_at": one.enrolled_at.isoformat(),
                    "retired_at": None if one.retired_at is None else one.retired_at.isoformat(),
                }
                for one in devices
            ]
        )
        return
    width = max((len(one.id) for one in devices), default=0)
    for one in devices:
        gone = "" if one.retired_at is None else f"  retired {one.retired_at:%Y-%m-%d %H:%M} UTC"
        where = f"portal {one.place.portal}" if one.place.portal else f"zone {one.place.zone}"
        result(f"{one.id:<{width}}  {one.kind:<7}  {where}{gone}")
    if not devices:
        say("no device is enrolled; `wardgate device enrol` adds one")


def _rotate_key(settings: Settings, kind: str, device: str) -> None:
    check_name(device)
    checked = check_kind(kind)
    with open_site_store(settings) as store:
        known = store.read(lambda conn: enrolled_named(conn, device))
        if known is None or known.retired_at is not None:
            fail(f"no device {device!r} is enrolled")
        if known.kind != checked:
            fail(f"{device} is a {known.kind}, not a {checked}")
        at = now()
        key = new_key()
        change = rotate_key_change(device, key, store.sealer, at)
        store.commit(Unit((device_key_changed(device, BY, at),), (change,), directory=True))
        password = store.read(lambda conn: password_of(conn, device, store.sealer))
        _hand_over(settings, store, kind, device, key, password)


def _hand_over(settings: Settings, store: SiteStore, kind: str, device: str, key: bytes, password: str) -> None:
    """The one time that a device's secrets are shown."""
    result_json(Bundle(device, kind, settings.campus.site, key, password).as_told())
    trouble = keep_in_step(settings, store)
    if trouble is not None:
        fail(f"{device} is enrolled, but {trouble}")
