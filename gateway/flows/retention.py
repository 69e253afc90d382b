"""What was kept long enough is erased, each night, by itself, and every run is on record.

The ledger stays whole for ever: it names people by a random reference, and what is erased is what that reference leads
to. So the past still says how many came and what was decided, and nobody can say any more about whom.

Promises: nothing is erased while the wall clock is suspect (`rounds`), and nothing that belongs to an open case
(`Hold`); a few rows at a time, so that no tap waits; who is erased is gone from memory too, and the database's files
are cleaned of the bytes. Leaves to others: what hangs on what, and the bytes (the store's `retention`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.core.papers import Hold
from gateway.flows import occupancy, permits, rounds
from gateway.flows.changes import PassagesCounted, RowsErased
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.retention_rules import Kept
from gateway.flows.site import Site

ROUND = "retention"
WITHIN_S = 10.0
PAUSE_S = 0.05
"""Between two batches: whoever taps meanwhile goes first."""
CLEAN_AGAIN_S = 60.0
COPIES = ("exports", "paper")
"""Below the data folder: files for people, of what the database has. They are kept as long as pictures are."""
EVIDENCE = ("evidence", "pictures")
"""Files that there are nowhere else: nobody can say whom they show, so any open case keeps them."""
NOBODY = ("-", "-")
OF_CAMERAS = frozenset({Kept.CAMERA_CHECKS, Kept.CAMERA_PICTURES})
"""Erasing these changes nothing that anybody decides by."""
RUNS_SHOWN = 14
COUNTED_AT_MOST = 1_000
"""What is due is counted up to here: the question is whether something is, not how much to the last row."""


@dataclass(slots=True)
class Run:
    """What one run did."""

    erased: dict[str, int] = field(default_factory=dict)
    files: int = 0
    days_counted: int = 0
    paused: bool = False
    """An open case keeps everything."""

    @property
    def anything(self) -> bool:
        return bool(self.erased or self.files)


class Sweeper:
    """Looks each second whether the night's run is due; one for a gateway. `data`: the folder of its files."""

    def __init__(self, site: Site, data: Path | None = None) -> None:
        self._site = site
        self._data = data
        self._unclean_since: float | None = None

    async def look(self) -> None:
        """The run of this night if it is due. The next look tries again where the ledger is away."""
        site = self._site
        await self._clean()
        moment = rounds.moment_due(site, ROUND, site.rules.retention.at_min)
        if moment is None:
            return
        key = rounds.round_key(ROUND, moment)
        try:
            if not await site.archive.told([key]):
                await self.run("gateway", key)
        except LedgerUnavailable:
            return
        rounds.made(site, ROUND, moment)

    async def run(self, by: str, key: str | None = None) -> Run:
        """Erase all that is due, and put it on record. Raises `LedgerUnavailable`; what was erased by then stays so."""
        site, done = self._site, Run(paused=is_paused(self._site))
        done.days_counted = await _count_days(site)
        if not done.paused:
            for kept in Kept:
                if count := await _erase(site, kept):
                    done.erased[kept.value] = count
            done.files = await _forget_pictures(site, self._data)
        if done.erased:
            await permits.followed(site)
            occupancy.forget(site, [ref for ref in site.presence if ref not in site.directory.holders])
            self._unclean_since = site.clock.monotonic() - CLEAN_AGAIN_S
        await site.ledger.commit(Unit((_row(site, done, by, key),)), WITHIN_S)
        site.feed.publish({"type": "retention_run", "at": site.clock.now(), "erased": sum(done.erased.values())})
        await self._clean()
        return done

    async def _clean(self) -> None:
        """Until the files are clean; somebody who reads just then makes it a minute later."""
        if self._unclean_since is None or self._site.clock.monotonic() - self._unclean_since < CLEAN_AGAIN_S:
            return
        self._unclean_since = self._site.clock.monotonic()
        try:
            if await self._site.archive.clean_files():
                self._unclean_since = None
        except LedgerUnavailable:
            return


def is_paused(site: Site) -> bool:
    """True while an open case keeps everything."""
    return any(isinstance(paper, Hold) and paper.subject is None for paper in site.directory.papers.by_id.values())


async def due(site: Site) -> dict[str, int]:
    """How much is due now, `COUNTED_AT_MOST` at most of each."""
    rules, now = site.rules.retention, site.clock.now()
    return {kept.value: len(await site.archive.due(kept, rules, now, COUNTED_AT_MOST)) for kept in Kept}


async def runs(site: Site) -> list[dict[str, Any]]:
    """The last nights' runs as they are on record, the newest first."""
    local = site.clock.now().astimezone(site.campus.timezone)
    keys = [rounds.round_key(ROUND, local - timedelta(days=n)) for n in range(RUNS_SHOWN)]
    told = await site.archive.told(keys)
    return [told[key] for key in keys if key in told]


async def _erase(site: Site, kept: Kept) -> int:
    count = 0
    before: tuple[str, ...] = ()
    while True:
        keys = tuple(await site.archive.due(kept, site.rules.retention, site.clock.now()))
        count -= len(set(keys) & set(before))  # kept back when the store looked again
        if not keys or keys == before:  # these would come for ever
            return count
        before = keys
        unit = Unit((), (RowsErased(kept, keys),), directory=kept not in OF_CAMERAS)
        await site.ledger.commit(unit, WITHIN_S)
        if kept is Kept.PRESENCE:
            occupancy.forget(site, keys)
        count += len(keys)
        await asyncio.sleep(PAUSE_S)


async def _count_days(site: Site) -> int:
    days = await site.archive.uncounted_days(site.campus.timezone, site.clock.now())
    for day in days:
        counts = await site.archive.passages_of(day, site.campus.timezone)
        if day == days[-1]:
            counts = {**counts, NOBODY: 0}  # up to here all is counted, also if nobody came
        if counts:
            await site.ledger.commit(Unit((), (PassagesCounted(day.isoformat(), counts),)), WITHIN_S)
    return len(days)


async def _forget_pictures(site: Site, data: Path | None) -> int:
    """Pictures in memory, and files that lie too long where files are put for people."""
    before = site.clock.now() - timedelta(days=site.rules.retention.pictures_days)
    is_open = any(isinstance(paper, Hold) for paper in site.directory.papers.by_id.values())
    if not is_open:
        for pictures in (site.pictures, site.wait_pictures):
            for name in [name for name, picture in pictures.items() if picture.at < before]:
                del pictures[name]
    if data is None:
        return 0
    folders = COPIES if is_open else (*COPIES, *EVIDENCE)
    return await asyncio.to_thread(forget_files, [data / name for name in folders], before.timestamp())


def forget_files(folders: Sequence[Path], before: float) -> int:
    """Delete files that were last written before then; how many they were. Links are not followed."""
    count = 0
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in folder.rglob("*"):
            if path.is_symlink() or not path.is_file() or path.stat().st_mtime >= before:
                continue
            path.unlink(missing_ok=True)
            count += 1
    return count


def _row(site: Site, done: Run, by: str, key: str | None) -> Entry:
    body = {
        "erased": done.erased,
        "files": done.files,
        "days_counted": done.days_counted,
        "paused": done.paused,
        "by": by,
    }
    return Entry("retention_run", site.clock.now(), body, key)
