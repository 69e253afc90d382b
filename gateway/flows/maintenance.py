"""Work on cameras is announced: meanwhile they are not looked at, and nothing of their pictures alarms.

Promises: a window is at most a day, may be renewed while it runs and ended early, and says who and why; at its end
what was found meanwhile is told, and the cameras are learnt again unless whoever announced it wanted their old look
kept. It never silences a recording that is missing; a recorder counts as new only if that was said. Leaves to others:
what is not looked at (`camera_checks` asks `is_under_maintenance`), learning (`camera_looks`), who may (`web`).
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.nouns import Directory
from gateway.core.papers import LONGEST_WINDOW, MaintenanceWindow, PaperKind
from gateway.flows import camera_looks, recorders
from gateway.flows.cameras import Window
from gateway.flows.notes import note
from gateway.flows.permits import NotPossible, Step, WrongField, carry_out, find, new_id
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site

AHEAD_AT_MOST = timedelta(days=60)
REMEMBERED = timedelta(hours=26)
"""So long what is over is remembered, for planned checks that are only then recorded as missed."""
CAMERAS_AT_MOST = 1_000
HISTORY = 100


async def announce(
    site: Site,
    *,
    cameras: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: str,
    relearn: bool = True,
    new_recorder: bool = False,
) -> MaintenanceWindow:
    """Work on these cameras; what should have begun already begins now. Raises `WrongField`, `LedgerUnavailable`."""
    wanted = tuple(dict.fromkeys(cameras))
    if not wanted:
        raise WrongField("cameras", "which cameras?")
    if len(wanted) > CAMERAS_AT_MOST:
        raise WrongField("cameras", f"at most {CAMERAS_AT_MOST} at a time")
    for number, camera in enumerate(wanted):
        if camera not in site.cameras:
            raise WrongField(f"cameras[{number}]", "no such camera")
    if not reason.strip():
        raise WrongField("reason", "say what the work is")
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        begins = max(starts_at, now)
        _check_times(begins, ends_at, now)
        said = note(reason, now)
        window = MaintenanceWindow(id, wanted, begins, ends_at, by, said.ref, relearn, new_recorder)
        return Step(window, "announced", by, changes=said.changes, more=_more(window))

    return await _done(site, work_out)


async def renew(site: Site, id: str, ends_at: datetime, by: str) -> MaintenanceWindow:
    """It takes longer, until at most a day from now. Raises `NoSuchPermit`, `NotPossible`, `WrongField`,
    `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        window = find(directory, MaintenanceWindow, id)
        if window.ends_at <= now:
            raise NotPossible("over", "it is over: announce it anew")
        _check_times(max(window.starts_at, now), ends_at, now)
        renewed = replace(window, ends_at=ends_at)
        return Step(renewed, "renewed", by, more=_more(renewed))

    return await _done(site, work_out)


async def end(site: Site, id: str, by: str) -> MaintenanceWindow:
    """The work is over, or will not be done. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        window = replace(find(directory, MaintenanceWindow, id), ended_at=now, ended_by=by)
        return Step(window, "ended", by, more=_more(window))

    ended = await _done(site, work_out)
    await _afterwards(site, ended)
    return ended


def is_under_maintenance(site: Site, camera: str, at: datetime) -> bool:
    """True if work on this camera was announced for that moment, of now or of the last day."""
    state = site.cameras.get(camera)
    return state is not None and state.window(at) is not None


def live(site: Site) -> list[MaintenanceWindow]:
    """Those that run or are announced, the next one first."""
    return sorted(site.directory.papers.maintenance, key=lambda window: (window.starts_at, window.id))


async def history(site: Site, limit: int = HISTORY) -> list[MaintenanceWindow]:
    """Those that are over, the newest first. Raises `LedgerUnavailable`."""
    found = await site.archive.papers(PaperKind.MAINTENANCE, live=False, limit=limit)
    return [paper for paper in found if isinstance(paper, MaintenanceWindow)]


async def load(site: Site) -> None:
    """After a restart: each camera knows its windows, also those of the last day that are over."""
    since = site.clock.now() - REMEMBERED - LONGEST_WINDOW
    found = await site.archive.papers(PaperKind.MAINTENANCE, starts_from=since, limit=CAMERAS_AT_MOST)
    for paper in (*found, *live(site)):
        if isinstance(paper, MaintenanceWindow):
            _show(site, paper)


class MaintenanceWatch:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: tuple[MaintenanceWindow, ...] = ()

    async def look(self) -> None:
        """Windows that are over end. While the clock cannot be believed none does."""
        site, now = self._site, self._site.clock.now()
        papers = site.directory.papers.maintenance
        if papers is not self._known:  # also what somebody else filed
            for window in papers:
                _show(site, window)
            self._known = papers
        if site.trusted_until is not None:
            return
        for window in papers:
            if window.ends_at <= now:
                with contextlib.suppress(LedgerUnavailable):
                    await self._over(window.id)

    async def _over(self, id: str) -> None:
        def work_out(directory: Directory, now: datetime) -> Step:
            window = find(directory, MaintenanceWindow, id)
            over = replace(window, ended_at=window.ends_at, ended_by="gateway")
            return Step(over, "over", "gateway", more=_more(over))

        await _afterwards(self._site, await _done(self._site, work_out))


async def _afterwards(site: Site, window: MaintenanceWindow) -> None:
    """What was asked for once the work is over; of work that had not begun nothing."""
    if window.until <= window.starts_at:
        return
    for camera in window.cameras:
        if window.new_recorder:
            recorders.begin_anew(site, camera)
        if window.relearn:
            with contextlib.suppress(LedgerUnavailable, camera_looks.NoSuchCamera):
                await camera_looks.relearn(site, camera, f"maintenance:{window.id}")


def _show(site: Site, window: MaintenanceWindow) -> None:
    """The cameras know of it; what was over long ago they forget."""
    horizon = site.clock.now() - REMEMBERED
    for camera in window.cameras:
        state = site.cameras.get(camera)
        if state is not None:
            others = [one for one in state.windows if one.id != window.id and one.ends_at > horizon]
            if window.until > max(window.starts_at, horizon):
                others.append(Window(window.id, window.starts_at, window.until))
            state.windows = tuple(sorted(others, key=lambda one: one.starts_at))


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise WrongField("ends_at", "must be after starts_at, and not be past")
    if ends_at - max(starts_at, now) > LONGEST_WINDOW:
        raise WrongField("ends_at", "at most 24 hours at a time; it can be renewed while it runs")
    if starts_at - now > AHEAD_AT_MOST:
        raise WrongField("starts_at", f"at most {AHEAD_AT_MOST.days} days ahead")


def _more(window: MaintenanceWindow) -> dict[str, object]:
    asked = {"relearn": window.relearn, "new_recorder": window.new_recorder}
    return {"cameras": list(window.cameras), **asked, "note": window.reason}


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> MaintenanceWindow:
    paper = (await carry_out(site, work_out)).paper
    assert isinstance(paper, MaintenanceWindow)
    _show(site, paper)
    return paper
