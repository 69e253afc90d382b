"""What every request and answer goes through: whose host, from which site, and the headers that keep browsers strict.

Promises: no unsafe request and no stream from another site; no stack, path or version in an answer; answers with people
in them are kept by nobody; one line for each request in the log that names the route and nobody. Leaves to others:
who somebody is and what they may do (`dispatch`).
"""

import ipaddress
import secrets
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from gateway.flows.accounts import AccountsAway
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.reading import RecordsAway
from gateway.web.context import PARTS
from gateway.web.problems import Kind, Problem

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NONCE: web.RequestKey[str] = web.RequestKey("nonce", str)
ROUTE_NAME: web.RequestKey[str] = web.RequestKey("route_name", str)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
"""What a page of any site can send without asking first."""

_HEADERS = {
    "Server": "wardgate",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
_ANSWER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


NEEDS: web.ResponseKey[str] = web.ResponseKey("needs", str)
"""What a page or script needs beyond the others: `kiosk` or `worker`."""
_KIOSK_POLICY = (
    _PAGE_POLICY.replace("img-src 'self' data:", "img-src 'self' data: blob:").replace(
        "trusted-types lit-html", "trusted-types lit-html wardgate-kiosk"
    )
    + "; worker-src 'self'; media-src 'self' blob:"
)
_WORKER_POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'"
_KIOSK_MAY = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"


def nonce_of(request: web.Request) -> str:
    """The one word that this page's own scripts carry."""
    if NONCE not in request:
        request[NONCE] = secrets.token_urlsafe(18)
    return request[NONCE]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: runs for every answer, errors and streams too."""
    headers = response.headers
    for name, value in _HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    is_page = response.content_type == "text/html"
    needs = response.get(NEEDS)
    if is_page:
        policy = (_KIOSK_POLICY if needs == "kiosk" else _PAGE_POLICY).format(nonce=nonce_of(request))
    else:
        policy = _WORKER_POLICY if needs == "worker" else _ANSWER_POLICY
        if response.content_type == "image/svg+xml":
            policy += "; sandbox"  # a drawing that somebody opens by itself is a document of this site
    if needs == "kiosk":
        headers["Permissions-Policy"] = _KIOSK_MAY
    headers["Content-Security-Policy"] = policy


@web.middleware
async def answer_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever happens inside becomes an answer: a problem in our own words, and never a stack."""
    began = time.perf_counter()
    try:
        response = await _handled(request, handler)
    except Problem as problem:
        response = problem.response()
    except (LedgerUnavailable, AccountsAway, RecordsAway):
        response = Problem(Kind.AWAY, "the database is away", retry_after_s=2).response()
    except web.HTTPRedirection as elsewhere:
        _count(request, elsewhere.status, time.perf_counter() - began)
        raise
    except web.HTTPException as error:
        response = _as_problem(error).response()
    except ConnectionError:
        raise
    except Exception:
        log.exception("request_failed", route=request.get(ROUTE_NAME, "-"), method=request.method)
        response = Problem(Kind.BUG, "it has been written to the log").response()
    _count(request, response.status, time.perf_counter() - began)
    return response


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    check_host(request)
    missing = request.match_info.http_exception
    if missing is not None:
        raise _as_problem(missing)
    check_site(request)
    return await handler(request)


def check_host(request: web.Request) -> None:
    """The gateway goes by its addresses, `localhost` and its configured names: a foreign name is a rebinding attack."""
    host = request.headers.get("Host", "")
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        name = ""
    if not name or "@" in host or "/" in host:
        raise Problem(Kind.MISDIRECTED)
    if name not in request.app[PARTS].host_names and not _is_address(name):
        raise Problem(Kind.MISDIRECTED)


def check_site(request: web.Request) -> None:
    """Nothing that changes something, and no stream, is asked for by a page of another site."""
    is_stream = request.headers.get("Upgrade", "").lower() == "websocket"
    if request.method in SAFE_METHODS and not is_stream:
        return
    origin = request.headers.get("Origin")
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if origin is not None and origin != own_origin(request):
        raise Problem(Kind.CROSS_SITE)
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        raise Problem(Kind.CROSS_SITE)
    by_cookie = "Authorization" not in request.headers
    if origin is None and by_cookie and is_stream:
        raise Problem(Kind.CROSS_SITE, "a stream needs an Origin")
    # A program that is no browser names no origin. A form in an old browser does not either: its type betrays it.
    if (
        origin is None
        and fetch_site is None
        and by_cookie
        and request.content_type in FORM_TYPES
        and request.can_read_body
    ):
        raise Problem(Kind.CROSS_SITE, "forms are not taken here")


def own_origin(request: web.Request) -> str:
    """Scheme and host as the browser sees this gateway."""
    scheme = "https" if request.app[PARTS].tls is not None else "http"
    return f"{scheme}://{request.headers.get('Host', '')}"


def _as_problem(error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return Problem(Kind.METHOD, allow=tuple(sorted(error.allowed_methods)))
    if error.status == 404:
        return Problem(Kind.NOT_FOUND)
    if error.status == 413:
        return Problem(Kind.TOO_LARGE)
    return Problem(Kind.MALFORMED if error.status < 500 else Kind.BUG)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _count(request: web.Request, status: int, seconds: float) -> None:
    route = request.get(ROUTE_NAME, "-")
    request.app[PARTS].metrics.request(route, request.method, status, seconds)
    log.debug("request", route=route, method=request.method, status=status, ms=round(seconds * 1000, 1))
