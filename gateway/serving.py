"""The web as one part of a gateway: built from the settings, started, stopped."""

import ssl
from collections.abc import Callable
from functools import partial

from gateway.configuration_folder import Folder as ConfigFolder
from gateway.flows.backups import BackupRules, Backups
from gateway.flows.configuration import Configuration
from gateway.flows.enrolling import Enrolling
from gateway.flows.paper_day import PaperRound
from gateway.flows.site import Site
from gateway.mqtt.broker_config import taken_names
from gateway.mqtt.broker_files import BrokerFiles
from gateway.notice_settings import base_host
from gateway.policy_file import parse_policy
from gateway.printing.cups import Cups
from gateway.reports.shelf import Shelf
from gateway.settings import Settings, environment
from gateway.store.accounts import Accounts
from gateway.store.backup_folder import Folder as BackupFolder
from gateway.store.database import Database
from gateway.store.device_book import StoredDevices
from gateway.store.enrolment import broker_users
from gateway.store.queries import Queries
from gateway.store.sealing import Sealer
from gateway.store.writer import Writer
from gateway.web.context import PARTS
from gateway.web.listener import Listener
from gateway.web.names import certificate_names
from gateway.web.paper_folder import PaperFolder
from gateway.web.paper_pages import save_and_print
from gateway.web.server import make_app


class WebService:
    """The pages and the API of one gateway, on its address."""

    def __init__(
        self,
        settings: Settings,
        site: Site,
        database: Database,
        writer: Writer,
        restart: Callable[[], None] | None = None,
    ) -> None:
        tls = _tls(settings)
        sealer = Sealer(settings.store_key)
        book = StoredDevices(database, sealer)
        broker = BrokerFiles(settings, lambda: database.read_now(lambda connection: broker_users(connection, sealer)))
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
            configuration=Configuration(site, ConfigFolder(settings.directory, environment()), restart),
            backups=(backups := _backups(settings, site, database)),
            device_records=book,
            enrolling=Enrolling(site, book, broker, settings.private_zones, taken_names(settings.mqtt_username)),
        )
        self._paper = PaperRound(site, partial(save_and_print, app[PARTS].pages, folder, printing))
        self.look_at_backups = backups.look
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


def _backups(settings: Settings, site: Site, database: Database) -> Backups:
    wanted = settings.backup
    folder = BackupFolder(database, wanted.out, settings.campus.site, settings.ledger_key)
    return Backups(site, folder, BackupRules(wanted.nightly, wanted.at_min, wanted.keep))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
