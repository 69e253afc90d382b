"""The campus file changed from a page: checked, proposed by one person, put in force by another.

Windows, calendar, groups, gates and posts stand in campus.yaml. Promises: nothing is written that the gateway could not
start with; two people stand behind every change, both on record with the file's digest before and after; what somebody
else changed in the meantime is never written over; the file before stays beside it. It holds from the gateway's next
start, which the page can ask for. Leaves to others: what a right file is (the settings), who may (`web`).
Policy, roles and how the gateway runs are not changed from a page: who may change windows must not give themselves
rights, and a reload command is not typed into a browser.
"""

import asyncio
import difflib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

FILE = "campus.yaml"
LARGEST = 512 * 1024
WITHIN_S = 5.0
MOST_LINES = 2_000
"""More than that nobody reads before saying yes."""
RESTART_AFTER_S = 0.5
"""So that whoever asked for it hears that it comes."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file of the configuration: as it was read at the start, and as it is now."""

    name: str
    modified_at: datetime | None
    """None: it is not there."""
    is_changed: bool
    """Another one than that with which the gateway started."""


@dataclass(frozen=True, slots=True)
class ConfigFault:
    file: str
    line: int
    field: str
    message: str


class ConfigFolder(Protocol):
    """The configuration's folder; everything here takes its time: for a thread."""

    def files(self) -> Sequence[ConfigFile]: ...

    def text(self) -> str: ...

    def faults(self, text: str | None) -> Sequence[ConfigFault]: ...

    def write(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the campus file is to be, by whom, and upon which text."""

    text: str
    before: str
    """The digest of the text that it changes."""
    by: str
    at: datetime
    lines: tuple[str, ...]
    """The difference, as people read it."""

    @property
    def digest(self) -> str:
        return digest_of(self.text)


class Faulty(Exception):
    """The gateway could not start with it."""

    def __init__(self, faults: Sequence[ConfigFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


class NotSo(Exception):
    """What was asked cannot be: `code` is one of nothing_new, changed_meanwhile, no_proposal, same_person, another."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _difference(now: str, text: str) -> tuple[str, ...]:
    """What is different, as people read it; of a file written anew its beginning."""
    lines = difflib.unified_diff(now.splitlines(), text.splitlines(), "now", "proposed", lineterm="", n=2)
    return tuple(islice(lines, MOST_LINES))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Configuration:
    """The configuration of one running gateway. `restart`: how it starts anew; None: only by hand."""

    def __init__(self, site: Site, folder: ConfigFolder, restart: Callable[[], None] | None = None) -> None:
        self._site = site
        self._folder = folder
        self._restart = restart
        self._turn = asyncio.Lock()
        self.proposal: Proposal | None = None

    @property
    def may_restart(self) -> bool:
        return self._restart is not None

    async def files(self) -> Sequence[ConfigFile]:
        return await asyncio.to_thread(self._folder.files)

    async def text(self) -> str:
        return await asyncio.to_thread(self._folder.text)

    async def faults(self, text: str | None = None) -> Sequence[ConfigFault]:
        """Everything that is wrong with the files as they lie there, or with `text` in place of the campus file."""
        return await asyncio.to_thread(self._folder.faults, text)

    async def propose(self, text: str, based_on: str, by: str) -> Proposal:
        """Put `text` before a second person. Raises `Faulty`, `NotSo`, `LedgerUnavailable`."""
        async with self._turn:
            now = await self.text()
            if digest_of(now) != based_on:
                raise NotSo("changed_meanwhile")
            if text == now:
                raise NotSo("nothing_new")
            if faults := await self.faults(text):
                raise Faulty(faults)
            lines = await asyncio.to_thread(_difference, now, text)
            made = Proposal(text, based_on, by, self._site.clock.now(), lines)
            body = {"file": FILE, "before": based_on, "after": made.digest, "by": by}
            await self._commit(Entry("configuration_proposed", made.at, body))
            self.proposal = made
            return made

    async def withdraw(self, digest: str, by: str) -> None:
        """Whoever may propose may take it back. Raises `NotSo`, `LedgerUnavailable`."""
        async with self._turn:
            found = self._of(digest)
            body = {"file": FILE, "after": found.digest, "by": by}
            await self._commit(Entry("configuration_withdrawn", self._site.clock.now(), body))
            self.proposal = None

    async def put_in_force(self, digest: str, by: str) -> None:
        """The second person's word: the file is written. Raises `NotSo`, `Faulty`, `OSError`, `LedgerUnavailable`."""
        async with self._turn:
            found = self._of(digest)
            if found.by == by:
                raise NotSo("same_person")
            if digest_of(await self.text()) != found.before:
                raise NotSo("changed_meanwhile")
            if faults := await self.faults(found.text):
                raise Faulty(faults)
            body = {"file": FILE, "before": found.before, "after": found.digest, "by": by, "proposed_by": found.by}
            await self._commit(Entry("configuration_changed", self._site.clock.now(), body))
            await asyncio.to_thread(self._folder.write, found.text)
            self.proposal = None

    async def start_anew(self, by: str) -> None:
        """Devices decide alone for the seconds that it takes. Raises `NotSo`, `Faulty`, `LedgerUnavailable`."""
        if self._restart is None:
            raise NotSo("another")
        if faults := await self.faults():
            raise Faulty(faults)
        await self._commit(Entry("restart_asked", self._site.clock.now(), {"by": by}))
        self._site.loop.call_later(RESTART_AFTER_S, self._restart)

    def _of(self, digest: str) -> Proposal:
        if self.proposal is None:
            raise NotSo("no_proposal")
        if self.proposal.digest != digest:
            raise NotSo("another")
        return self.proposal

    async def _commit(self, entry: Entry) -> None:
        await self._site.ledger.commit(Unit((entry,)), WITHIN_S)
