"""What the API answers when it does not do what was asked: problem details as in RFC 9457.

Promises: one closed list of kinds, each with a stable `type`, and every wrong field of a request in one answer. Leaves
to others: saying it in the reader's language (the pages translate by `type` and `message`).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from aiohttp import web

MEDIA_TYPE = "application/problem+json"


class Kind(Enum):
    """Every kind of problem: the last part of its `type`, its status and its title."""

    MALFORMED = ("malformed", 400, "The request is no well-formed JSON object")
    NOT_SIGNED_IN = ("not-signed-in", 401, "Sign in first")
    WRONG_PASSWORD = ("wrong-password", 401, "User and password do not fit")
    WRONG_PIN = ("wrong-pin", 401, "Card and PIN do not fit, or this card may not sign on here")
    NOT_ALLOWED = ("not-allowed", 403, "Your roles do not give you this")
    CROSS_SITE = ("cross-site", 403, "The request comes from another site")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    METHOD = ("method", 405, "This cannot be done here")
    CONFLICT = ("conflict", 409, "Things have changed meanwhile")
    LOCKED = ("locked", 423, "The kiosk's records are locked: card and PIN unlock them")
    TOO_LARGE = ("too-large", 413, "The request is too large")
    MEDIA = ("media-type", 415, "The content type is not accepted here")
    MISDIRECTED = ("misdirected", 421, "This gateway does not go by that name")
    VALIDATION = ("validation", 422, "Some fields are wrong")
    TOO_MANY = ("too-many", 429, "Too many attempts, wait a moment")
    BUG = ("bug", 500, "The gateway made a mistake")
    AWAY = ("unavailable", 503, "A part of the gateway is away just now")

    def __init__(self, code: str, status: int, title: str) -> None:
        self.code, self.status, self.title = code, status, title

    @property
    def type(self) -> str:
        return f"/problems/{self.code}"


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field, by its path (`visitor.name`, `rows[3].card`), and what was expected."""

    field: str
    message: str


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457: what went wrong. `errors` names every wrong field at once."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass
class Problem(Exception):
    """Raised by whoever finds it; `response` is what the caller gets."""

    kind: Kind
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    retry_after_s: int | None = None
    allow: tuple[str, ...] = ()

    def details(self) -> ProblemDetails:
        return ProblemDetails(self.kind.type, self.kind.title, self.kind.status, self.detail, self.errors)

    def response(self) -> web.Response:
        headers: dict[str, Any] = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.allow:
            headers["Allow"] = ", ".join(self.allow)
        if self.kind in (Kind.NOT_SIGNED_IN, Kind.WRONG_PASSWORD, Kind.WRONG_PIN):
            headers["WWW-Authenticate"] = 'Bearer realm="wardgate"'
        body = msgspec.json.encode(self.details())
        return web.Response(body=body, status=self.kind.status, content_type=MEDIA_TYPE, headers=headers)


def not_found(what: str) -> Problem:
    """`what` is our own word for the kind of thing, never what the caller sent."""
    return Problem(Kind.NOT_FOUND, f"no such {what}")
