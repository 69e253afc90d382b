"""`wardgate calendar seed`: the announced public holidays, to be put into campus.yaml and edited there."""

from typing import Annotated

import typer

from gateway.calendar_seed import NoSource, NotAnnounced, announced, seeded
from gateway.cli.speaking import COULD_NOT_RUN, fail, result, say


def seed(
    year: Annotated[list[int], typer.Option(min=2004, max=2200, help="Which year; may be given several times.")],
) -> None:
    """Print the announced holidays of a year as lines of campus.yaml; nothing is written."""
    try:
        name = announced()
    except NoSource as error:
        fail(str(error), COULD_NOT_RUN)
    lines = []
    for one in sorted(set(year)):
        try:
            lines += seeded(one, name)
        except NotAnnounced:
            # No fault of anybody: a year is announced in the autumn before it.
            say(f"{one} is not announced yet, and stays out; ask again when it is")
    if lines:
        result("\n".join(["calendar:", *lines]))
        say("put these lines into campus.yaml, and what is different at your school below them: the last entry counts")
