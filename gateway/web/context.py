"""What handlers get: the parts they may use, and one call with everything checked that can be checked beforehand."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from gateway.core.policy import Policy
from gateway.core.rights import Right
from gateway.flows.accounts import AccountStore
from gateway.flows.backups import Backups
from gateway.flows.card_sign_in import CardSignIn
from gateway.flows.configuration import Configuration
from gateway.flows.device_alone import LoneCounts
from gateway.flows.device_view import DeviceRecords
from gateway.flows.enrolling import Enrolling
from gateway.flows.kiosk_locks import KioskLocks
from gateway.flows.passwords import Passwords
from gateway.flows.plan_signs import PlanSigns
from gateway.flows.printing import NoPrinters, Printing
from gateway.flows.reading import Records
from gateway.flows.report_port import AvailabilityReports
from gateway.flows.sign_in import SignIn, Who
from gateway.flows.site import Site
from gateway.flows.throttle import Throttle
from gateway.web.camera_news import CameraNews
from gateway.web.pass_pictures import CodeDrawer, CodeReader
from gateway.web.picture_readers import PictureReaders
from gateway.web.problems import Kind, Problem

if TYPE_CHECKING:
    from gateway.web.files import Files
    from gateway.web.live_hub import Hub
    from gateway.web.metrics import Metrics
    from gateway.web.pages import Pages
    from gateway.web.paper_folder import PaperFolder
    from gateway.web.sealed import OfflineBox
    from gateway.web.tally import Tally


class PolicyFault(Protocol):
    """What is wrong in the text of a policy, and where."""

    @property
    def line(self) -> int: ...
    @property
    def field(self) -> str: ...
    @property
    def message(self) -> str: ...


PolicyReader = Callable[[str], tuple[Policy | None, Sequence[PolicyFault]]]
"""The policy in a text, or every fault that keeps it from being one."""


@dataclass(frozen=True)
class Parts:
    """Everything that handlers share. `roles`: role → rights, the closed table of the configuration."""

    site: Site
    accounts: AccountStore
    records: Records
    passwords: Passwords
    sign_in: SignIn
    card_sign_in: CardSignIn
    kiosk_locks: KioskLocks
    offline_box: "OfflineBox"
    roles: Mapping[str, frozenset[str]]
    read_policy: PolicyReader
    files: "Files"
    pages: "Pages"
    metrics: "Metrics"
    tally: "Tally"
    control_hub: "Hub"
    tls: ssl.SSLContext | None
    host_names: frozenset[str]
    printing: Printing = field(default_factory=NoPrinters)
    code_reader: CodeReader = field(default_factory=CodeReader)
    drawn: Throttle = field(default_factory=lambda: Throttle(free=20, longest_s=60.0, forget_s=600.0))
    """Who asked for a picture of a code that was not made here, by address."""
    draws_asked: Throttle = field(default_factory=lambda: Throttle(free=60, longest_s=4.0, forget_s=60.0))
    """Who asked for a picture of any code, by address: a whole group behind one address gets theirs."""
    code_drawer: CodeDrawer = field(default_factory=CodeDrawer)
    picture_readers: PictureReaders = field(default_factory=PictureReaders)
    """Who has looked at the cameras' newest pictures lately."""
    camera_news: CameraNews = field(default_factory=CameraNews)
    reports: AvailabilityReports | None = None
    """How well the cameras did; None: nobody here makes reports."""
    configuration: Configuration | None = None
    """How the campus file is changed from a page; None: it is not."""
    backups: Backups | None = None
    device_records: DeviceRecords | None = None
    enrolling: Enrolling | None = None
    """How devices come and go; None: only by the command line."""
    lone_counts: LoneCounts = field(default_factory=LoneCounts)
    plan_signs: PlanSigns = field(default_factory=PlanSigns)
    paper: "PaperFolder | None" = None
    """Where the papers for a day without power lie; None: none are kept."""
    streams: set[web.WebSocketResponse] = field(default_factory=set)


PARTS = web.AppKey("parts", Parts)


@dataclass(frozen=True)
class Call:
    """One request to one route: who asks, and what they sent, already of the route's shape."""

    request: web.Request
    parts: Parts
    who: Who | None
    body: Any
    query: Any

    @property
    def site(self) -> Site:
        return self.parts.site

    @property
    def by(self) -> Who:
        """Who asks; only for routes that are not public."""
        if self.who is None:
            raise Problem(Kind.NOT_SIGNED_IN)
        return self.who

    def path(self, name: str) -> str:
        """One part of the path, decoded; what no name can hold is no such thing."""
        value = self.request.match_info[name]
        if not value.isprintable() or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Problem(Kind.NOT_FOUND)
        return value

    def number(self, name: str) -> int:
        """The same as a whole number that a database can hold."""
        value = int(self.path(name))
        if value >= 2**63:
            raise Problem(Kind.NOT_FOUND)
        return value

    def may(self, *rights: Right) -> bool:
        return self.who is not None and self.who.may(frozenset(rights))

    @property
    def address(self) -> str:
        """Where the connection comes from. Headers that claim something else are not believed."""
        return self.request.remote or "?"
