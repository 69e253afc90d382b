"""Where the parts meet: one gateway, from its settings to its end.

`run` opens the database, takes the site's lock, makes sure that no other gateway serves the site, connects, listens,
serves the pages, and lets go of everything again in the opposite order. Every part gets what it needs here; nothing
imports this module but the command line.
"""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
import uvloop

from devices.messages import GatewayStatus
from gateway import logs
from gateway.core import pass_values, pins
from gateway.core.quarantine import Limits
from gateway.flows import (
    alarm_start,
    alarm_watch,
    alarms,
    bad_message,
    clock_watch,
    control_rooms,
    credential_lists,
    device_status,
    directory_watch,
    doors,
    emergencies,
    hosts,
    late,
    level_changes,
    outbox,
    postures,
    vigilance,
    waiting,
)
from gateway.flows.cameras import CameraBook
from gateway.flows.incident_watch import IncidentWatch
from gateway.flows.ledger_state import LedgerWatch
from gateway.flows.notice_rules import link_key_from
from gateway.flows.permit_watch import PermitWatch
from gateway.flows.ports import Clock, Entry, LedgerUnavailable, SystemClock, Unit
from gateway.flows.retention import Sweeper
from gateway.flows.shift_watch import ShiftWatch
from gateway.flows.site import Site
from gateway.flows.site_rules import Rules, VisitRules
from gateway.mqtt.link import Link
from gateway.mqtt.lookout import live_gateway
from gateway.mqtt.router import Router
from gateway.notices.sender import AppriseMessenger
from gateway.reports.nightly import NightlyReport
from gateway.serving import WebService
from gateway.settings import Settings, environment
from gateway.store.alarms import load_open_alarms
from gateway.store.archive import StoreArchive
from gateway.store.database import Database, DatabaseAway, NotOurDatabase, open_database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.sealing import Sealer, WrongStoreKey
from gateway.store.site_lock import AnotherGateway, Instance, SiteLock
from gateway.store.verification import LedgerWalk, ledger_length
from gateway.store.writer import Writer
from gateway.video.round import Round

log = structlog.get_logger(__name__)

SWITCH_S = 0.002
"""How long one thread may keep the interpreter while another waits. The writer asks for it after each statement;
shorter makes a commit under load quicker and its group smaller. Python's own is 5 ms."""
COLLECT_FROM = 10_000
"""New objects after which Python looks for circles among them. After its own 700 it did so many times a second and went
again and again through the events that are kept for the screens: that took longer than to tell a hundred pages."""
LOOK_S = 1.0
"""How often the directory, silent devices and uncounted messages are looked at."""


class CannotStart(Exception):
    """The gateway must not or cannot run; the message is for the person who started it."""


def run(settings: Settings, on_ready: Callable[[str], None] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status: 0, or 2 if it could not run."""
    logs.set_up(settings.log_level, as_json=not sys.stderr.isatty())
    sys.setswitchinterval(SWITCH_S)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            again = runner.run(serve(settings, on_ready, may_restart=True))
    except CannotStart as why:
        print(f"wardgate: {why}", file=sys.stderr)
        return 2
    except (WrongStoreKey, OSError) as why:
        print(f"wardgate: cannot run: {why}", file=sys.stderr)
        return 2
    if again:
        # The same process with the same words: whoever supervises it sees no end, and the files are read anew.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return 0


async def serve(
    settings: Settings,
    on_ready: Callable[[str], None] | None = None,
    clock: Clock | None = None,
    *,
    may_restart: bool = False,
) -> bool:
    """Run until SIGTERM or SIGINT; True if somebody asked on a page that it starts anew. Raises `CannotStart`.

    `clock`: another than the machine's, for simulations. `may_restart`: the caller knows how to start it anew.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        gateway = Gateway(settings, stop, stack, clock or SystemClock(), may_restart)
        url = await gateway.start()
        if stop.is_set():
            return False
        if on_ready is not None:
            on_ready(url)
        notify("READY=1")
        await stop.wait()
        if gateway.is_restarting:
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        else:
            notify("STOPPING=1")
        log.info("stopping", restarts=gateway.is_restarting)
    if gateway.ended_because is not None:
        raise CannotStart(gateway.ended_because)
    return gateway.is_restarting


class Gateway:
    """One gateway's parts. Each one's end is put on the stack as soon as it has begun."""

    def __init__(
        self,
        settings: Settings,
        stop: asyncio.Event,
        stack: contextlib.AsyncExitStack,
        clock: Clock,
        may_restart: bool = False,
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._stack = stack
        self._clock = clock
        self._me = Instance(secrets.token_hex(8), socket.gethostname(), os.getpid(), datetime.now(UTC))
        self._site: Site | None = None
        self.ended_because: str | None = None
        self.is_restarting = False
        self._may_restart = may_restart

    def _start_anew(self) -> None:
        self.is_restarting = True
        self._stop.set()

    async def start(self) -> str:
        """Bring everything up; returns the address of the pages."""
        settings = self._settings
        database = await self._open_database()
        if self._stop.is_set():
            return ""
        self._stack.callback(database.close)
        lock = SiteLock(database, settings.campus.site)
        try:
            await asyncio.to_thread(lock.take, self._me)
        except AnotherGateway as other:
            raise CannotStart(str(other)) from None
        self._stack.callback(lock.let_go)
        writer, cut, walk = await self._open_ledger(database)
        link = self._make_link()
        site = self._site = await self._make_site(database, writer, link)
        site.ledger_book.walk = walk
        await clock_watch.begin(site)
        self._stack.push_async_callback(site.finish)
        await asyncio.gather(self._look_for_another(), asyncio.to_thread(site.finder.prepare))
        link.start()
        self._stack.push_async_callback(link.close)
        router = Router(site, settings.limits.inbox_messages)
        await waiting.restore(site)
        await link.listen(router.take)
        web = WebService(settings, site, database, writer, self._start_anew if self._may_restart else None)
        url = await web.start()
        self._stack.push_async_callback(web.stop)
        await self._note_start(site, cut)
        keeper = level_changes.LevelKeeper(site)
        self._stack.callback(keeper.close)
        with contextlib.suppress(LedgerUnavailable):
            await level_changes.begin(site)
        self._beat("status", LOOK_S, lambda: _said(link))
        self._beat("directory", LOOK_S, lambda: directory_watch.watch(site))
        self._beat("lists", LOOK_S, lambda: directory_watch.build_lists(site))
        self._beat("silence", LOOK_S, lambda: _look_around(site))
        self._beat("postures", LOOK_S, lambda: postures.look(site))
        self._beat("emergencies", LOOK_S, lambda: emergencies.look(site))
        self._beat("clock", LOOK_S, lambda: clock_watch.look(site))
        self._beat("orders", LOOK_S, keeper.look)
        self._beat("doors", LOOK_S, lambda: doors.look(site))
        self._beat("permits", LOOK_S, PermitWatch(site).look)
        self._beat("posts", LOOK_S, ShiftWatch(site).look)
        self._beat("rooms", LOOK_S, lambda: control_rooms.look(site))
        self._beat("vigilance", LOOK_S, lambda: vigilance.look(site))
        self._beat("paper", LOOK_S, web.look_at_paper)
        self._beat("backups", LOOK_S, web.look_at_backups)
        self._beat("incidents", LOOK_S, IncidentWatch(site).look)
        self._beat("hosts", LOOK_S, hosts.HostWatch(site).look)
        messenger = None if settings.notices.is_empty else AppriseMessenger(settings.notices.channels)
        self._beat("alarms", LOOK_S, lambda: alarm_watch.look(site))
        self._beat("outbox", LOOK_S, outbox.Outbox(site, messenger).look)
        self._beat("pictures", LOOK_S, lambda: late.forget_pictures(site))
        self._beat("retention", LOOK_S, Sweeper(site, settings.data).look)
        self._beat("ledger", LOOK_S, LedgerWatch(site).look)
        cameras = Round(site)
        await cameras.start()
        self._stack.push_async_callback(cameras.stop)
        self._beat("cameras", LOOK_S, cameras.look)
        self._beat("reports", LOOK_S, NightlyReport(site, lambda: cameras.is_running).look)
        self._beat("lock", LOOK_S, lambda: self._hold(lock))
        site.finder.begin(site.directory)
        # What was loaded stays: else each full collection looks through a hundred thousand people while taps wait.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_FROM)
        log.info("gateway_runs", site=settings.campus.site, instance=self._me.instance, address=url)
        return url

    async def _open_database(self) -> Database:
        """The database; while it is away that is said once, and tried again."""
        said = False
        while True:
            try:
                database = await asyncio.to_thread(open_database, self._settings.database_url)
            except NotOurDatabase as error:
                raise CannotStart(
                    f"the database cannot be used: {error}. Nothing was changed. Restore a backup, or give another "
                    "database in wardgate.yaml (database.url)."
                ) from error
            except DatabaseAway as error:
                if not said:
                    log.error("database_away", error=str(error), note="trying again until it is there")
                    said = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 1.0)
                if self._stop.is_set():
                    raise CannotStart("stopped while the database was away") from error
            else:
                if said:
                    log.warning("database_back")
                return database

    async def _open_ledger(self, database: Database) -> tuple[Writer, str | None, LedgerWalk]:
        """The writer; if the ledger is shorter than the head file says, the sentence for it; and who verifies it."""
        settings = self._settings
        head_file = HeadFile(settings.head_file, settings.ledger_key, settings.head_copy)
        self._stack.callback(head_file.close)
        on_file = head_file.newest()
        cut = None
        count: int = await database.read(ledger_length)
        if on_file is not None and count < on_file.count:
            if count == 0:
                raise CannotStart(
                    f"the database is empty, but the head file {settings.head_file} knows {on_file.count} records: "
                    "this is another or a lost database. Restore a backup, or move the head file away to begin anew."
                )
            cut = f"the ledger has {count} records, the head file knows {on_file.count}"
        elif on_file is None and count:
            cut = f"the head file {settings.head_file} is missing or was made under another key"
        ledger = Ledger(database, head_file, settings.commit_group, known=on_file)
        writer = Writer(ledger, self._database_changed)
        writer.start()
        self._stack.push_async_callback(asyncio.to_thread, writer.stop)
        return writer, cut, LedgerWalk(database, head_file.newest, settings.head_copy, settings.ledger_key)

    def _make_link(self) -> Link:
        settings = self._settings
        return Link(
            site=settings.campus.site,
            site_key=settings.site_key,
            instance=self._me.instance,
            started_at=self._me.started_at,
            pid=self._me.pid,
            url=settings.mqtt_url,
            username=settings.mqtt_username,
            password=settings.mqtt_password,
            ca_file=None if settings.mqtt_ca is None else str(settings.mqtt_ca),
            now=self._clock.now,
            on_change=self._broker_changed,
            on_other_gateway=self._other_gateway,
        )

    async def _make_site(self, database: Database, writer: Writer, link: Link) -> Site:
        settings = self._settings
        archive = StoreArchive(database, Sealer(settings.store_key))
        site = Site(
            campus=settings.campus,
            rules=Rules(
                answer_timeout_ms=settings.answer_timeout_ms,
                wait_ms=settings.wait_ms,
                offline_max_age_s=settings.offline_max_age_s,
                list_life_s=settings.list_days * 24 * 3_600,
                retention=settings.retention,
                limits=Limits(
                    messages_per_s=settings.limits.device_messages_per_s,
                    events_per_s=settings.limits.device_events_per_s,
                    unknown_per_min=settings.limits.unknown_credentials_per_min,
                ),
                visits=VisitRules(
                    end_of_day_min=settings.visits.end_of_day_min,
                    overstay_grace_min=settings.visits.overstay_grace_min,
                    unanswered_min=settings.visits.unanswered_min,
                ),
            ),
            directory=await archive.directory(None),
            presence=await archive.presence(),
            ledger=writer,
            archive=archive,
            courier=link,
            clock=self._clock,
            instance=self._me.instance,
            pin_key=pins.key_from(settings.store_key),
            pass_key=pass_values.key_from(settings.store_key, settings.campus.site),
        )
        site.cameras = CameraBook(settings.cameras, settings.video, settings.recorders)
        site.plans = settings.plans
        site.notices = settings.notices.rules(link_key_from(settings.store_key))
        site.devices.take_over(await archive.enrolled(), await archive.issued())
        for device in site.devices:
            device.list_is_due = not credential_lists.is_up_to_date(site, device)
        site.catalogue = settings.catalogue
        site.alarms.load(await database.read(load_open_alarms))
        await alarm_start.restore(site)
        await doors.load(site)
        await control_rooms.load(site)
        return site

    async def _look_for_another(self) -> None:
        """Another gateway on the same broker, though with another database, must not be joined by a second one."""
        settings = self._settings
        other = await live_gateway(
            site=settings.campus.site,
            site_key=settings.site_key,
            url=settings.mqtt_url,
            username=settings.mqtt_username,
            password=settings.mqtt_password,
            ca_file=None if settings.mqtt_ca is None else str(settings.mqtt_ca),
            instance=self._me.instance,
        )
        if other is not None:
            raise CannotStart(
                f"another gateway serves site {settings.campus.site}: instance {other.instance} on {other.host}, "
                f"process {other.pid}, since {other.started_at:%Y-%m-%d %H:%M:%S} UTC"
            )

    async def _note_start(self, site: Site, cut: str | None) -> None:
        body = {"instance": self._me.instance, "host": self._me.host, "directory": site.directory.version}
        with contextlib.suppress(LedgerUnavailable):
            await site.ledger.commit(Unit((Entry("gateway_started", site.clock.now(), body),)), 10.0)
        if cut is not None:
            log.error("ledger_cut", error=cut)
            await alarms.raise_alarm(site, alarms.LEDGER_TROUBLE, "ledger", cut)

    def _beat(self, name: str, every_s: float, act: Callable[[], Awaitable[None]]) -> None:
        """Do `act` again and again until the end. A failure is logged once, and the next turn comes all the same."""

        async def beat() -> None:
            failed: str | None = None
            while True:
                try:
                    await act()
                    failed = None
                except asyncio.CancelledError:
                    raise
                except Exception as error:
                    if repr(error) != failed:
                        log.error(
                            "beat_failed", beat=name, error=repr(error), exc_info=not isinstance(error, DatabaseAway)
                        )
                        failed = repr(error)
                await asyncio.sleep(every_s)

        task = asyncio.get_running_loop().create_task(beat(), name=f"beat {name}")

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)

    async def _hold(self, lock: SiteLock) -> None:
        """The lock may be lost with the database's connection; if somebody else has it now, this gateway ends."""
        if not await asyncio.to_thread(lock.is_held):
            self.ended_because = f"another gateway has taken over site {self._settings.campus.site}"
            log.error("lock_lost", error=self.ended_because)
            self._stop.set()

    def _database_changed(self, why: str | None) -> None:
        """Called from the writer's thread."""
        site = self._site
        if site is None:
            return
        loop = site.loop
        act = alarms.clear_alarm if why is None else alarms.raise_alarm
        values = (
            (site, alarms.LEDGER_TROUBLE, "database") if why is None else (site, alarms.LEDGER_TROUBLE, "database", why)
        )
        loop.call_soon_threadsafe(lambda: site.spawn(act(*values)))

    def _broker_changed(self, connected: bool) -> None:
        if self._site is not None:
            self._site.broker_connected = connected
            if connected:
                postures.publish_to_those_behind(self._site)

    def _other_gateway(self, status: GatewayStatus, retained: bool) -> None:
        site = self._site
        if site is not None and status.online and not retained:
            log.error("second_gateway", instance=status.instance, host=status.host, process=status.pid)
            site.spawn(alarms.raise_alarm(site, alarms.SECOND_GATEWAY, status.host[:63], f"instance {status.instance}"))


async def _look_around(site: Site) -> None:
    await device_status.look_for_the_lost(site)
    await bad_message.write_the_rest(site)


async def _said(link: Link) -> None:
    link.say_status()


def notify(state: str) -> None:
    """Tell systemd, if it started us and wants to know."""
    address = environment().get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
