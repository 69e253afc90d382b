"""All commands under one name."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from gateway.cli import (
    backup,
    broker_files,
    calendar,
    check_config,
    device,
    init,
    ledger,
    level,
    people,
    pictures,
    retention,
    running,
    user,
    video,
    video_bench,
    video_recorder,
    what_if,
)
from gateway.cli.speaking import result


def _example(text: str) -> str:
    return f"Example: {text}"


def _version(asked: bool) -> None:
    if asked:
        try:
            result(f"wardgate {version('wardgate')}")
        except PackageNotFoundError:
            result("wardgate, from a checkout")
        raise typer.Exit


def _group(text: str, example: str) -> typer.Typer:
    return typer.Typer(
        help=text, epilog=_example(example), no_args_is_help=True, rich_markup_mode=None, add_completion=False
    )


def build() -> typer.Typer:
    """The whole command line."""
    app = _group("Wardgate decides who passes a campus's gates and doors, and records it.", "wardgate demo")
    app.callback()(_root)
    app.command(epilog=_example("wardgate init /etc/wardgate --profile school"))(init.init)
    app.command("check-config", epilog=_example("wardgate check-config --config /etc/wardgate"))(
        check_config.check_config
    )
    app.command(epilog=_example("wardgate run --config /etc/wardgate"))(running.run)
    app.command(epilog=_example("wardgate demo --port 8080 --speed 60"))(running.demo)
    app.command("broker-config", epilog=_example("wardgate broker-config --out /etc/mosquitto/wardgate"))(
        broker_files.broker_config
    )
    app.command(
        "simulate",
        epilog=_example("wardgate simulate --holder S-1 --portal north-in --at 2026-11-23T07:45 --level 1"),
    )(what_if.simulate_one)
    app.command(epilog=_example("wardgate replay --from 2026-11-16 --to 2026-11-23 --level 1"))(what_if.replay)
    app.command(epilog=_example("wardgate retention --dry-run"))(retention.retention)
    app.command("backup", epilog=_example("wardgate backup --out /mnt/other/wardgate"))(backup.backup)
    app.command("restore", epilog=_example("wardgate restore wardgate-main-20261122T023000Z.zip"))(backup.restore)
    app.add_typer(_calendar(), name="calendar")
    app.add_typer(_devices(), name="device")
    app.add_typer(_imports(), name="import")
    app.add_typer(_users(), name="user")
    app.add_typer(_levels(), name="level")
    app.add_typer(_ledger(), name="ledger")
    app.add_typer(_video(), name="video")
    return app


def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    pass


def _calendar() -> typer.Typer:
    group = _group("The days that are not normal ones.", "wardgate calendar seed --year 2027")
    group.command(epilog=_example("wardgate calendar seed --year 2027"))(calendar.seed)
    group.callback()(_nothing)
    return group


def _devices() -> typer.Typer:
    group = _group("Enrol devices and let them go.", "wardgate device list")
    group.command(epilog=_example("wardgate device enrol reader north-in-1 --portal north-in"))(device.enrol)
    group.command(epilog=_example("wardgate device retire north-in-1"))(device.retire)
    group.command("list", epilog=_example("wardgate device list --json"))(device.list_devices)
    return group


def _imports() -> typer.Typer:
    group = _group("Take people from the school's own systems.", "wardgate import people people.csv")
    group.command("people", epilog=_example("wardgate import people people.csv --config /etc/wardgate"))(
        people.import_people
    )
    group.command("pictures", epilog=_example("wardgate import pictures photos/ --config /etc/wardgate"))(
        pictures.import_pictures
    )
    # With a single command typer would leave its name out: `wardgate import FILE`.
    group.callback()(_nothing)
    return group


def _users() -> typer.Typer:
    group = _group("Who may sign in at the pages.", "wardgate user list")
    group.command(epilog=_example("wardgate user add li.na --roles guard,operator < password.txt"))(user.add)
    group.command(epilog=_example("wardgate user token li.na --label export"))(user.token)
    group.command("list", epilog=_example("wardgate user list --json"))(user.list_users)
    group.command("roles", epilog=_example("wardgate user roles li.na --roles guard"))(user.set_roles)
    group.command("person", epilog=_example("wardgate user person li.na S-1024"))(user.set_person)
    group.command("password", epilog=_example("wardgate user password li.na < password.txt"))(user.set_password)
    group.command(epilog=_example("wardgate user disable li.na"))(user.disable)
    return group


def _levels() -> typer.Typer:
    group = _group("The defence level, and the orders that set it.", "wardgate level show")
    group.info.no_args_is_help = False
    group.callback(invoke_without_command=True)(level.by_default)
    ask = "wardgate level request --level 2 --document 2026-17 --reason week --as li.na < password.txt"
    group.command(epilog=_example("wardgate level show --json"))(level.show)
    group.command(epilog=_example("wardgate level plan --config /etc/wardgate"))(level.plan)
    group.command(epilog=_example(ask))(level.request)
    group.command(epilog=_example("wardgate level sign 3f2a… --as principal < password.txt"))(level.sign)
    group.command(epilog=_example("wardgate level refuse 3f2a… --reason later --as principal"))(level.refuse)
    group.command(epilog=_example("wardgate level revoke 3f2a… --reason over --as principal"))(level.revoke)
    group.command(epilog=_example("wardgate level unified --level 1 --document S-9 --reason order --as li.na"))(
        level.unified
    )
    group.command(epilog=_example("wardgate level countersign 3f2a… --as principal"))(level.countersign)
    group.command(epilog=_example("wardgate level confirm 3f2a… --as duty.leader"))(level.confirm)
    group.command(epilog=_example("wardgate level number 3f2a… --document 2026-18 --as li.na"))(level.number)
    return group


def _ledger() -> typer.Typer:
    group = _group("The record that nobody can bend.", "wardgate ledger verify")
    group.command(epilog=_example("wardgate ledger verify --config /etc/wardgate"))(ledger.verify)
    group.callback()(_nothing)
    return group


def _video() -> typer.Typer:
    group = _group("The cameras' health.", "wardgate video check yard.mp4")
    group.command(epilog=_example("wardgate video check rtsp://10.20.0.7/stream2 --seconds 60 --save evidence"))(
        video.check
    )
    group.command(epilog=_example("wardgate video bench --pictures pictures/ --json"))(video_bench.bench)
    group.command(epilog=_example("wardgate video recorder nvr-1"))(video_recorder.recorder)
    return group


def _nothing() -> None:
    pass
