"""`wardgate run` and `wardgate demo`: the gateway itself. It is imported late: the other commands answer without it."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption
from gateway.settings import environment, load


def run(config: ConfigOption = HERE) -> None:
    """Run the gateway until it is told to stop."""
    settings = load(config, environment())
    from gateway import app

    raise typer.Exit(app.run(settings) or 0)


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the pages are; 0 finds a free one.")] = 8080,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the demo's data stays; else a temporary folder.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same campus.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How much faster than life.")] = 10.0,
    scenario: Annotated[str, typer.Option(help="Which day it is.")] = "school_day",
) -> None:
    """A whole simulated campus in motion, with its own broker, database and pages; nothing to set up."""
    from gateway import demo as campus

    raise typer.Exit(campus.run(port=port, data=data, seed=seed, speed=speed, scenario=scenario) or 0)
