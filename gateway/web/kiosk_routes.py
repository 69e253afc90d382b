"""The kiosk's routes: its pages, its gates, signing on by card and PIN, the lock of its records."""

from gateway.core.rights import Right
from gateway.web import kiosk, kiosk_offline, kiosk_sessions, kiosk_worker
from gateway.web import kiosk_shapes as shapes
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
GATE = "{gate:[a-z0-9-]{1,63}}"
WATCH = frozenset({Right.WATCH})
ANSWER = frozenset({Right.ANSWER_WAITING, Right.CONFIRM_RESTRICTED})

KIOSK_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/gates", kiosk.list_gates, "The gates: their portals, devices and posts.",
          allowed=WATCH, answer=shapes.Gates, tag="kiosk"),
    Route("GET", f"{API}/gates/{GATE}", kiosk.get_gate, "One gate.",
          allowed=WATCH, answer=shapes.GateInfo, tag="kiosk", any_gate=True),
    Route("GET", f"{API}/gates/{GATE}/taps/{{tap:[A-Za-z0-9_:.-]{{1,130}}}}/picture", kiosk_offline.tap_picture,
          "The picture of whoever tapped at this gate in the last minutes.",
          allowed=ANSWER, answer_media="image/jpeg", tag="kiosk"),
    Route("POST", f"{API}/session/card", kiosk_sessions.sign_on, "Sign on at a kiosk by card and PIN.",
          allowed=Access.PUBLIC, body=shapes.CardSignOn, answer=shapes.SignedOn, status=201, tag="session",
          problems=(Kind.WRONG_PIN, Kind.TOO_MANY, Kind.NOT_FOUND)),
    Route("POST", f"{API}/session/unlock", kiosk_sessions.unlock,
          "Show the kiosk's records again; another guard's card takes the kiosk over.",
          allowed=Access.SIGNED_IN, body=shapes.Unlock, answer=shapes.SignedOn, tag="session",
          problems=(Kind.WRONG_PIN, Kind.TOO_MANY, Kind.CONFLICT)),
    Route("POST", f"{API}/session/touch", kiosk_sessions.touch,
          "Somebody is at the kiosk's screen: it does not lock for another minute.",
          allowed=Access.SIGNED_IN, answer=shapes.KioskState, tag="session"),
    Route("POST", f"{API}/session/lock", kiosk_sessions.lock, "Lock the kiosk's records now.",
          allowed=Access.SIGNED_IN, answer=shapes.KioskState, tag="session"),
    Route("POST", f"{API}/waiting/{{tap:[A-Za-z0-9_:.-]{{1,130}}}}/late", kiosk_offline.let_in_late,
          "Let in whoever waited until the time was over; within five minutes, once.",
          allowed=ANSWER, answer=shapes.LateDone, tag="waiting", problems=(Kind.CONFLICT,)),
    Route("POST", f"{API}/visits/offline", kiosk_offline.bring_in,
          "Registrations that a kiosk sealed while the gateway was out of reach.",
          allowed=frozenset({Right.REGISTER_VISITS}), body=shapes.OfflineRegistrations,
          answer=shapes.OfflineResults, body_limit=400 * 1024, tag="visits"),
    Route("GET", "/kiosk/shell", kiosk.shell, "The kiosk's page without data.", allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/kiosk/facing", kiosk.facing, "The screen that is turned to the person.",
          allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/kiosk-sw.js", kiosk_worker.serve, "Keeps the kiosk's page for when the gateway is away.",
          allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/kiosk", kiosk.page, "The kiosk of one gate.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
