"""The broker's files kept in step with who is enrolled: by the command line, and by the running gateway.

Promises: `bring_into_step` writes what the database says at that moment, one writer at a time, and has a running broker
read it; what did not work is said and not raised, because the enrolment itself is done by then. Leaves to others: what
stands in the files (`broker_config`), who is enrolled (the store).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.flows.enrolling import InStep, Step
from gateway.flows.enrolment import BrokerUser
from gateway.mqtt.broker_config import ReloadFailed, one_writer, reload, write_users
from gateway.settings import Settings

NOTE = "broker.json"
"""In the data folder: where the files were written last, for those who keep them in step."""


class BrokerFiles:
    """Mosquitto's passwords and access list of one site. `users`: reads who is enrolled, whenever it is asked."""

    def __init__(self, settings: Settings, users: Callable[[], Sequence[BrokerUser]]) -> None:
        self._settings = settings
        self._users = users

    def remember(self, out: Path) -> None:
        """Note where the files lie from now on."""
        (self._settings.data / NOTE).write_text(json.dumps({"out": str(out)}) + "\n")

    async def keep_in_step(self) -> InStep:
        """The same as `bring_into_step`, in a thread: a reload command may take seconds."""
        return await asyncio.to_thread(self.bring_into_step)

    def bring_into_step(self) -> InStep:
        """Rewrite the users and have the broker read them."""
        out = self._settings.broker.out or self._noted()
        if out is None or not out.is_dir():
            return InStep(Step.NO_FILES)
        try:
            with one_writer(out):
                write_users(self._settings, out, self._users())
                told = reload(self._settings, out)
        except OSError as error:
            return InStep(
                Step.FAILED, f"the broker's files could not be written: {error.filename or out}: {error.strerror}"
            )
        except ReloadFailed as error:
            return InStep(Step.FAILED, f"the broker does not know it yet: {error}")
        except Exception as error:
            # The database went away between the enrolment and this: the secrets still have to reach the person.
            return InStep(Step.FAILED, f"the broker's files could not be made: {type(error).__name__}")
        return InStep(Step.TOLD if told else Step.WRITTEN)

    def _noted(self) -> Path | None:
        try:
            return Path(json.loads((self._settings.data / NOTE).read_text())["out"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
