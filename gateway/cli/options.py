"""Options that several commands take, declared once."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="DIR", help="The configuration's folder.", show_default="this folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]

HERE = Path(".")
