"""The web as one part of a gateway: built from the settings, started, stopped."""

import ssl
from functools import partial

from gateway.flows.paper_day import PaperRound
from gateway.flows.site import Site
from gateway.notice_settings import base_host
from gateway.policy_file import parse_policy
from gateway.printing.cups import Cups
from gateway.reports.shelf import Shelf
from gateway.settings import Settings
from gateway.store.accounts import Accounts
from gateway.store.database import Database
from gateway.store.queries import Queries
from gateway.store.writer import Writer
from gateway.web.context import PARTS
from gateway.web.listener import Listener
from gateway.web.names import certificate_names
from gateway.web.paper_folder import PaperFolder
from gateway.web.paper_pages import save_and_print
from gateway.web.server import make_app


class WebService:
    """The pages and the API of one gateway, on its address."""

    def __init__(self, settings: Settings, site: Site, database: Database, writer: Writer) -> None:
        tls = _tls(settings)
        app = make_app(
            site,
            accounts=Accounts(database, writer),
            records=Queries(database),
            roles=settings.roles,
            read_policy=partial(parse_policy, "policy"),
            tls=tls,
            host_names=(settings.http_host, base_host(settings.notices), *certificate_names(settings.tls_cert)),
            offline_key=settings.store_key,
            printing=(printing := Cups(settings.printers, sheets=settings.sheet_printers)),
            libraries=(settings.directory / "node_modules",),
            paper=(folder := PaperFolder(settings.data / "paper")),
            reports=Shelf(site),
        )
        self._paper = PaperRound(site, partial(save_and_print, app[PARTS].pages, folder, printing))
        self._scheme = "http" if tls is None else "https"
        self._listener = Listener(app, settings.http_host, settings.http_port)

    async def start(self) -> str:
        """Listen; returns the address. Raises `OSError` if it cannot be had."""
        await self._listener.start()
        host = self._listener.host
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{self._listener.port}"

    async def look_at_paper(self) -> None:
        """Make the papers for a day without power, if it is time."""
        await self._paper.look()

    async def stop(self) -> None:
        """End."""
        await self._listener.stop()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
