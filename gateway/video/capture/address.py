"""Where a camera may be: the only door through which this program opens connections for pictures.

Promises: only http, https, rtsp and rtsps; one way to write an address (no decimal, octal or hexadecimal IPv4, no
IPv4 inside IPv6, no user in it); a name is asked for once, every answer has to lie inside the configured networks, and
the connection goes to an address that was judged, not to the name again. Leaves to others: opening it.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from gateway.video.jobs import Reason

NO_TLS = "it does not speak TLS 1.2 or later at this port"
"""For people. It may be a camera without TLS, one that is too old for this machine, or not this port."""

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\.?\Z){_LABEL}(?:\.{_LABEL})*\.?")
# What C libraries take for an IPv4 address: its last part is a number, in whatever base.
_LOOKS_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?")
# Parsers differ over these, so there are none in an address of ours.
_NEVER = re.compile(r"[\x00-\x20\x7f-\uffff\\@]")


class NotThere(Exception):
    """An address that is not opened, or where nothing answered."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart once."""

    scheme: str
    host: str
    """Lower case, without brackets."""
    port: int
    path: str
    """With its query; begins with a slash."""

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """The address itself, where no name has to be asked for."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """As it stands in a `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def take_apart(url: str) -> Target:
    """The address in its one spelling; `NotThere` where it is written in any other."""
    if _NEVER.search(url) or len(url) > 2000:
        raise NotThere(Reason.BAD_ADDRESS, "the address has characters that may not be in it, a user for instance")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotThere(Reason.BAD_ADDRESS, "the address cannot be read") from error
    if parts.scheme not in PORTS:
        raise NotThere(Reason.BAD_ADDRESS, "the address has to begin with http, https, rtsp or rtsps")
    if not host or port == 0:
        raise NotThere(Reason.BAD_ADDRESS, "the address names no host or port")
    _check_spelling(host, bracketed="[" in parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def _check_spelling(host: str, *, bracketed: bool) -> None:
    if bracketed:
        try:
            address = IPv6Address(host)
        except ValueError as error:
            raise NotThere(Reason.BAD_ADDRESS, "this is no IPv6 address") from error
        if address.scope_id is not None:
            raise NotThere(Reason.BAD_ADDRESS, "an IPv6 address with a zone cannot be used")
    elif _LOOKS_NUMERIC.fullmatch(host):
        try:
            IPv4Address(host)
        except ValueError as error:
            raise NotThere(Reason.BAD_ADDRESS, "an IPv4 address is four decimal numbers") from error
    elif not _HOST_NAME.fullmatch(host):
        raise NotThere(Reason.BAD_ADDRESS, "this is no host name")


class Networks:
    """The configured camera networks."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ipaddress.ip_network(cidr) for cidr in cidrs]

    def allow(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether a connection may go there."""
        if address.is_unspecified or address.is_multicast:
            return False
        if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.scope_id):
            return False
        return any(address.version == network.version and address in network for network in self._networks)

    async def find(self, target: Target, names: Executor) -> list[str]:
        """The judged addresses of a target, in the resolver's order; `NotThere` unless all of them are allowed."""
        literal = target.literal
        if literal is not None:
            found = [literal]
        else:
            found = await _ask_for(target.host, target.port, names)
        if not all(self.allow(address) for address in found):
            raise NotThere(Reason.OUTSIDE, "the address is outside the camera networks of the configuration")
        return [str(address) for address in found]


async def _ask_for(host: str, port: int, names: Executor) -> list[IPv4Address | IPv6Address]:
    def ask() -> list[IPv4Address | IPv6Address]:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ipaddress.ip_address(answer[4][0]) for answer in answers))

    try:
        found = await asyncio.get_running_loop().run_in_executor(names, ask)
    except (OSError, ValueError, UnicodeError) as error:
        raise NotThere(Reason.UNKNOWN_HOST, "the host's name is not known here") from error
    if not found:
        raise NotThere(Reason.UNKNOWN_HOST, "the host's name is not known here")
    return found
