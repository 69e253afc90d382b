"""`wardgate` and `python -m gateway`: runs a command and turns what went wrong into words and an exit status.

0: done. 1: something wrong was found. 2: it could not run.
"""

import sys
from collections.abc import Sequence

from gateway.cli.commands import build
from gateway.cli.speaking import COULD_NOT_RUN, say
from gateway.settings import ConfigurationError
from gateway.store.database import DatabaseAway, NotOurDatabase
from gateway.store.sealing import WrongStoreKey


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    try:
        build()(args=None if arguments is None else list(arguments), prog_name="wardgate")
    except ConfigurationError as error:
        for fault in error.faults:
            say(str(fault))
        say("wardgate: this configuration cannot be used; `wardgate check-config` checks it")
        return COULD_NOT_RUN
    except DatabaseAway as error:
        say(f"wardgate: the database cannot be reached or written: {error}")
        return COULD_NOT_RUN
    except NotOurDatabase as error:
        say(f"wardgate: the database is damaged or not ours: {error}")
        return COULD_NOT_RUN
    except WrongStoreKey as error:
        say(f"wardgate: {error}")
        return COULD_NOT_RUN
    except SystemExit as end:
        return _status(end)
    return 0


def _status(end: SystemExit) -> int:
    if isinstance(end.code, int):
        return end.code
    return 0 if end.code is None else COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
