"""The broker's files from the command line: written whole on request, and kept in step with who is enrolled."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import SiteStore, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, fail, result, result_json, say
from gateway.mqtt.broker_config import ReloadFailed, one_writer, reload, write_all
from gateway.mqtt.broker_files import BrokerFiles
from gateway.settings import Settings, environment, load
from gateway.store.enrolment import broker_users


def broker_config(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where Mosquitto's files go.")],
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write Mosquitto's configuration, passwords and access list; a running broker reads them again."""
    settings = load(config, environment())
    out = out.absolute()
    if any(character.isspace() for character in str(out)):
        fail(f"{out}: Mosquitto takes no path with spaces", COULD_NOT_RUN)
    with open_site_store(settings) as store:
        files = BrokerFiles(settings, lambda: store.read(lambda conn: broker_users(conn, store.sealer)))
        try:
            out.mkdir(parents=True, exist_ok=True)
            with one_writer(out):
                names = write_all(settings, out, store.read(lambda conn: broker_users(conn, store.sealer)))
                files.remember(out)
                told = reload(settings, out)
        except OSError as error:
            fail(f"{error.filename or out}: {error.strerror}", COULD_NOT_RUN)
        except ReloadFailed as error:
            fail(str(error))
    if as_json:
        result_json({"out": str(out), "files": sorted(names), "reloaded": told})
        return
    for name in sorted(names):
        result(str(out / name))
    say("the running broker has read them" if told else f"start the broker with: mosquitto -c {out}/mosquitto.conf")


def keep_in_step(settings: Settings, store: SiteStore) -> str | None:
    """After a change of devices: rewrite users and reload. Words for what did not work, else None."""
    files = BrokerFiles(settings, lambda: store.read(lambda conn: broker_users(conn, store.sealer)))
    return files.bring_into_step().trouble
