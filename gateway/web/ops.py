"""Handlers: is the process alive, are its parts ready, what has it measured, and what is the API."""

import ipaddress

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.core.rights import Right
from gateway.flows.reading import RecordsAway
from gateway.web import shapes
from gateway.web.context import Call, Parts
from gateway.web.problems import Kind, Problem


async def healthz(call: Call) -> shapes.Alive:
    """The event loop answers; nothing else is asked."""
    return shapes.Alive(True)


async def readyz(call: Call) -> web.Response:
    """200 if taps can be decided and recorded, else 503; each part with its word."""
    parts = await ready_parts(call.parts)
    ready = all(part.ok for part in parts.values())
    return web.json_response(shapes.to_builtins(shapes.Ready(ready, parts)), status=200 if ready else Kind.AWAY.status)


async def ready_parts(parts: Parts) -> dict[str, shapes.Part]:
    site = parts.site
    database = shapes.Part(True)
    if site.ledger.is_away:
        database = shapes.Part(False, "records cannot be written")
    else:
        try:
            await parts.records.row(1)
        except RecordsAway:
            database = shapes.Part(False, "records cannot be read")
    return {
        "database": database,
        "broker": shapes.Part(True) if site.broker_connected else shapes.Part(False, "not connected"),
        "directory": shapes.Part(True, f"version {site.directory.version}"),
    }


async def metrics(call: Call) -> web.Response:
    """For this machine's own Prometheus without a sign-in, for others with a token that has the right.

    Behind a proxy on this machine everybody would seem to be this machine, so a forwarded request needs the right too.
    """
    forwarded = any(name in call.request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"))
    if not (_is_loopback(call.address) and not forwarded):
        if call.who is None:
            raise Problem(Kind.NOT_SIGNED_IN)
        if not call.may(Right.CONFIGURE):
            raise Problem(Kind.NOT_ALLOWED)
    return web.Response(body=call.parts.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
