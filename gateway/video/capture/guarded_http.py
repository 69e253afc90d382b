"""The one door to cameras and recorders over HTTP.

Promises: only addresses that the networks of the configuration allow are connected to, judged as they are resolved; no
proxy is used, no cookie is kept, nothing is unpacked; the address is built from the parts that were judged; what goes
wrong is said without repeating an address. Who asks sets time limits, and follows no redirect. Leaves to others:
pictures (`web_camera`), recorders (`web_recorder`).
"""

from __future__ import annotations

import socket
from concurrent.futures import Executor

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.video.capture.address import NO_TLS, Networks, NotThere, Target
from gateway.video.jobs import Reason


class Judged(AbstractResolver):
    """Gives aiohttp only addresses that the policy has judged, so there is no second look-up to lie to."""

    def __init__(self, networks: Networks, names: Executor) -> None:
        self._networks = networks
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._networks.find(Target("http", host, port, "/"), self._names)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def guarded_session(
    networks: Networks, names: Executor, *, accept: str, read_bytes: int, kept_s: float, at_once: int = 0
) -> aiohttp.ClientSession:
    """Connections are kept for `kept_s` seconds; at most `at_once` of them, 0: as many as there are cameras."""
    # Cameras make their own certificates; who answers is settled by the network that they are in.
    connector = aiohttp.TCPConnector(
        resolver=Judged(networks, names),
        use_dns_cache=False,
        ssl=False,
        limit=at_once,
        keepalive_timeout=kept_s,
        happy_eyeballs_delay=None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": accept, "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
        read_bufsize=read_bytes,
    )


def guarded_url(target: Target, path: str) -> URL:
    """Built from the parts that were judged: a second parser could read another host out of the same text."""
    bare, _, query = path.partition("?")
    return URL.build(
        scheme=target.scheme, host=target.host, port=target.port, path=bare, query_string=query, encoded=True
    )


def in_words(error: aiohttp.ClientError) -> NotThere:
    """What aiohttp raises, in our words: its own texts repeat addresses."""
    if isinstance(error.__cause__, NotThere):
        return error.__cause__
    if isinstance(error, aiohttp.ClientSSLError):
        return NotThere(Reason.BAD_STREAM, NO_TLS)
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return NotThere(Reason.REFUSED, "nobody listens at its address")
        return NotThere(Reason.UNREACHABLE, "its address cannot be reached")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return NotThere(Reason.CLOSED, "it ended the connection before its answer was whole")
    return NotThere(Reason.BAD_STREAM, "its answer is not HTTP as it should be")
