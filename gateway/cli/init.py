"""`wardgate init`: a new site's configuration."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.site_store import now
from gateway.cli.speaking import COULD_NOT_RUN, fail, say
from gateway.core.kinds import Profile
from gateway.new_site import CannotInit, write_new_site


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one to be made.")],
    profile: Annotated[Profile, typer.Option(help="school: minors, closed grounds; university: adults.")] = (
        Profile.SCHOOL
    ),
    host: Annotated[
        list[str] | None, typer.Option(help="A further name or address of this machine, for its certificates.")
    ] = None,
) -> None:
    """Write the example campus as a working configuration, with secrets and certificates of its own."""
    try:
        write_new_site(directory, profile, host or [], now())
    except CannotInit as error:
        fail(str(error), COULD_NOT_RUN)
    say(f"{directory} holds a working configuration. What now:")
    say(f"  1. edit {directory}/campus.yaml and {directory}/wardgate.yaml")
    say(f"  2. wardgate check-config --config {directory}")
    say(f"  3. wardgate user add NAME --roles admin --config {directory}")
    say(f"  4. wardgate broker-config --out BROKER_DIR --config {directory}")
    say(f"  5. wardgate device enrol reader north-in-1 --portal north-in --config {directory}")
    say(f"  6. wardgate import people people.csv --config {directory}")
    say(f"  7. wardgate run --config {directory}")
