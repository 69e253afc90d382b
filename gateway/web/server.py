"""The web as a whole: parts in, an application out.

`make_app` builds it and opens nothing; `listener.Listener` opens the socket. What runs beside (the tally) starts and
ends with the application.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

from aiohttp import web

from gateway.flows.accounts import AccountStore
from gateway.flows.authority import asked_of, people_of
from gateway.flows.backups import Backups
from gateway.flows.card_sign_in import CardSignIn
from gateway.flows.configuration import Configuration
from gateway.flows.device_view import DeviceRecords
from gateway.flows.enrolling import Enrolling
from gateway.flows.kiosk_locks import KioskLocks
from gateway.flows.passwords import Passwords
from gateway.flows.ports import SystemClock
from gateway.flows.printing import NoPrinters, Printing
from gateway.flows.reading import Records
from gateway.flows.report_port import AvailabilityReports
from gateway.flows.sign_in import SignIn
from gateway.flows.site import Site
from gateway.web.context import PARTS, Parts, PolicyReader
from gateway.web.control_stream import ControlView
from gateway.web.dispatch import Route, bind
from gateway.web.edge import add_headers, answer_in_words
from gateway.web.files import Files
from gateway.web.live import end_streams
from gateway.web.live_hub import Hub
from gateway.web.metrics import Metrics
from gateway.web.pages import Pages
from gateway.web.paper_folder import PaperFolder
from gateway.web.routes import ROUTES
from gateway.web.sealed import OfflineBox
from gateway.web.tally import Tally
from gateway.web.translations import Translations

ALWAYS_OUR_NAMES = ("localhost",)


def make_app(
    site: Site,
    *,
    accounts: AccountStore,
    records: Records,
    roles: Mapping[str, frozenset[str]],
    read_policy: PolicyReader,
    tls: ssl.SSLContext | None = None,
    host_names: Iterable[str] = (),
    libraries: Iterable[Path] = (),
    routes: Iterable[Route] = ROUTES,
    printing: Printing | None = None,
    offline_key: bytes | None = None,
    paper: PaperFolder | None = None,
    reports: AvailabilityReports | None = None,
    configuration: Configuration | None = None,
    backups: Backups | None = None,
    device_records: DeviceRecords | None = None,
    enrolling: Enrolling | None = None,
    passwords: Passwords | None = None,
) -> web.Application:
    """The application of one gateway.

    `roles`: role → rights. `read_policy`: a policy from the text of a policy file. `host_names`: by which names besides
    its addresses, `localhost` and this machine's own the gateway may be called. `libraries`: folders called
    node_modules in which the browser libraries may lie. `offline_key`: from which the key follows that opens what a
    kiosk sealed while the gateway was away; without one only this process can. `passwords`: a comparison of another
    price than the usual one; it is closed with the application.
    """
    site.still_may = asked_of(accounts, roles)
    site.people_with = people_of(accounts, roles)
    passwords = passwords or Passwords()
    files = Files(libraries)
    own_names = {*ALWAYS_OUR_NAMES, socket.gethostname(), socket.getfqdn(), *host_names}
    sign_in = SignIn(accounts, passwords, SystemClock(), roles)  # a simulated day must not end sessions
    locks = KioskLocks()
    parts = Parts(
        site=site,
        accounts=accounts,
        records=records,
        passwords=passwords,
        sign_in=sign_in,
        card_sign_in=CardSignIn(site, accounts, sign_in, locks),
        kiosk_locks=locks,
        offline_box=OfflineBox(offline_key),
        roles=roles,
        read_policy=read_policy,
        files=files,
        pages=Pages(site.campus, Translations(), files.imports, files.has_libraries),
        metrics=Metrics(site),
        tally=Tally(site),
        control_hub=Hub(site.feed, ControlView(site)),
        tls=tls,
        printing=printing or NoPrinters(),
        paper=paper,
        reports=reports,
        configuration=configuration,
        backups=backups,
        device_records=device_records,
        enrolling=enrolling,
        host_names=frozenset(name.lower().rstrip(".") for name in own_names if name),
    )
    app = web.Application(middlewares=[answer_in_words])
    app[PARTS] = parts
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(end_streams)
    app.cleanup_ctx.append(_beside)
    for route in routes:
        app.router.add_route(route.method, route.path, bind(route))
        if route.method == "GET" and route.status != 101:
            app.router.add_route("HEAD", route.path, bind(route))
    return app


async def _beside(app: web.Application) -> AsyncIterator[None]:
    """The tally looks once a second; the sign-in ends with the application."""
    parts = app[PARTS]

    async def look() -> None:
        while True:
            await asyncio.sleep(1)
            parts.tally.look()

    task = asyncio.create_task(look())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await parts.sign_in.close()
