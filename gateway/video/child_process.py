"""How a process of ours is started: this Python, our modules, and nothing of the gateway's environment.

The environment may hold the database's password; a decoder that was taken over finds nothing in its own.
"""

import os
import sys


def command(module: str) -> tuple[str, ...]:
    """Runs a module of ours with the Python that runs here."""
    return sys.executable, "-m", module


def environment() -> dict[str, str]:
    """What it needs to find the same modules, and no more."""
    # The empty entry stands for the folder that this process was started in.
    return {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path), "LC_ALL": "C.UTF-8"}
