"""The one table of routes: what there is, who may, what goes in and what comes out.

The registration and the OpenAPI document are both made from it, and a test walks it with every role. A route whose
`allowed` nobody wrote is closed.
"""

from gateway.core.rights import Right
from gateway.web import (
    decisions,
    devices,
    door_shapes,
    doors,
    emergencies,
    emergency_shapes,
    files,
    live,
    openapi,
    ops,
    order_shapes,
    orders,
    pages,
    people,
    sessions,
    shapes,
    users,
    what_if,
)
from gateway.web.admin_routes import ADMIN_ROUTES
from gateway.web.alarm_routes import ALARM_ROUTES
from gateway.web.camera_routes import CAMERA_ROUTES
from gateway.web.control_routes import CONTROL_ROUTES
from gateway.web.device_routes import DEVICE_ROUTES
from gateway.web.dispatch import Access, Route
from gateway.web.host_routes import HOST_ROUTES
from gateway.web.incident_routes import INCIDENT_ROUTES
from gateway.web.kiosk_routes import KIOSK_ROUTES
from gateway.web.lane_routes import LANE_ROUTES
from gateway.web.level_routes import LEVEL_ROUTES
from gateway.web.pass_routes import PASS_ROUTES
from gateway.web.people_desk_routes import PEOPLE_DESK_ROUTES
from gateway.web.people_routes import PEOPLE_ROUTES
from gateway.web.permit_routes import PERMIT_ROUTES
from gateway.web.plan_routes import PLAN_ROUTES
from gateway.web.problems import Kind
from gateway.web.record_routes import RECORD_ROUTES
from gateway.web.returning_routes import RETURNING_ROUTES
from gateway.web.room_routes import ROOM_ROUTES
from gateway.web.shift_routes import SHIFT_ROUTES
from gateway.web.standing_routes import STANDING_ROUTES
from gateway.web.visit_day_routes import VISIT_DAY_ROUTES

API = "/api/v1"
PUBLIC, SIGNED_IN = Access.PUBLIC, Access.SIGNED_IN


def rights(*some: Right) -> frozenset[Right]:
    """Any one of these is enough."""
    return frozenset(some)


WATCH = rights(Right.WATCH)
LOOK_UP = rights(Right.IDENTIFY, Right.MANAGE_PEOPLE, Right.MANAGE_PASSES)
SEE_DEVICES = rights(Right.WATCH, Right.SEE_DEVICES)
USERS = rights(Right.MANAGE_USERS)
EMERGENCY = f"{API}/emergencies/{{emergency:[0-9a-f]{{1,32}}}}"
ORDER = f"{API}/orders/{{order:[0-9a-f]{{1,32}}}}"

PERSON = f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}"
DORMITORY = f"{API}/dormitories/{{zone:[a-z0-9-]{{1,63}}}}"

ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ signing in
    Route(
        "POST", f"{API}/session", sessions.sign_in, "Sign in; sets the session cookie.",
        allowed=PUBLIC, body=shapes.SignIn, answer=shapes.Me, status=201, tag="session",
        problems=(Kind.WRONG_PASSWORD, Kind.TOO_MANY),
    ),
    Route("DELETE", f"{API}/session", sessions.sign_out, "Sign out; the cookie is dead at once.",
          allowed=SIGNED_IN, status=204, tag="session", problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/me", sessions.me, "Who I am and what I may do.",
          allowed=SIGNED_IN, answer=shapes.Me, tag="session"),
    Route("PATCH", f"{API}/me", sessions.change_me, "Change my own language.",
          allowed=SIGNED_IN, body=shapes.MeChange, answer=shapes.Me, tag="session"),
    Route("GET", f"{API}/sessions", sessions.own_sessions, "My open sessions.",
          allowed=SIGNED_IN, answer=shapes.Sessions, tag="session"),
    Route("DELETE", f"{API}/sessions/{{session:[0-9a-f]{{16}}}}", sessions.end_own_session, "End one of my sessions.",
          allowed=SIGNED_IN, status=204, tag="session"),
    # ------------------------------------------------------------ users
    Route("GET", f"{API}/users", users.list_users, "Everybody who may sign in.",
          allowed=USERS, answer=shapes.Users, tag="users"),
    Route("POST", f"{API}/users", users.add_user, "Make a user.",
          allowed=USERS, body=shapes.NewUser, answer=shapes.UserInfo, status=201, tag="users",
          problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/users/{{user:[a-z0-9._-]{{1,64}}}}", users.get_user, "One user.",
          allowed=USERS, answer=shapes.UserInfo, tag="users"),
    Route("PATCH", f"{API}/users/{{user:[a-z0-9._-]{{1,64}}}}", users.change_user,
          "Change roles, password, language, or disable; what rested on it ends at once.",
          allowed=USERS, body=shapes.UserChange, answer=shapes.UserInfo, tag="users", problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/users/{{user:[a-z0-9._-]{{1,64}}}}/sessions", users.user_sessions, "A user's open sessions.",
          allowed=USERS, answer=shapes.Sessions, tag="users"),
    Route("DELETE", f"{API}/users/{{user:[a-z0-9._-]{{1,64}}}}/sessions", users.end_user_sessions,
          "End all sessions of a user.", allowed=USERS, status=204, tag="users"),
    Route("DELETE", f"{API}/users/{{user:[a-z0-9._-]{{1,64}}}}/sessions/{{session:[0-9a-f]{{16}}}}",
          users.end_user_session, "End one session of a user.", allowed=USERS, status=204, tag="users"),
    # ------------------------------------------------------------ people
    Route("GET", f"{API}/people", people.list_people, "People in the order of their ids; recorded.",
          allowed=LOOK_UP, query=shapes.PeopleQuery, answer=shapes.People, tag="people", records=True),
    *PEOPLE_ROUTES,
    *ADMIN_ROUTES,
    *PEOPLE_DESK_ROUTES,
    *RECORD_ROUTES,
    Route("GET", f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}", people.get_person,
          "One person and what they hold; recorded.",
          allowed=LOOK_UP, answer=shapes.PersonWithCredentials, tag="people", records=True),
    Route("POST", f"{API}/credentials/{{credential:[0-9a-f]{{1,32}}}}/revoke", people.revoke_credential,
          "Block a credential for good; refused on the very next tap.",
          allowed=rights(Right.MANAGE_PEOPLE, Right.MANAGE_PASSES), body=shapes.Revoke, answer=shapes.Revoked,
          tag="people"),
    Route("POST", f"{API}/imports", people.import_people, "Take in a CSV table of people: all lines or none.",
          allowed=rights(Right.MANAGE_PEOPLE), raw_body=True, media="text/csv", answer=shapes.Imported,
          body_limit=people.IMPORT_LIMIT, body_within_s=people.IMPORT_WITHIN_S, tag="people"),
    # ------------------------------------------------------------ doors: PINs, who is inside, dormitories
    Route("PUT", f"{PERSON}/pin", doors.set_pin, "Give somebody a PIN, and one that calls for help.",
          allowed=rights(Right.MANAGE_PEOPLE, Right.MANAGE_PASSES), body=door_shapes.NewPin,
          answer=door_shapes.PinInfo, tag="doors"),
    Route("DELETE", f"{PERSON}/pin", doors.clear_pin, "Take somebody's PIN away.",
          allowed=rights(Right.MANAGE_PEOPLE, Right.MANAGE_PASSES), status=204, tag="doors"),
    Route("POST", f"{PERSON}/pin/unlock", doors.unlock_pin, "Unlock the cards that wrong PINs have locked.",
          allowed=rights(Right.COMMAND_DEVICES, Right.MANAGE_PASSES), answer=door_shapes.PinUnlocked, tag="doors"),
    Route("POST", f"{PERSON}/forgive", doors.forgive, "Forgive anti-passback: nobody knows where this person is.",
          allowed=rights(Right.ANSWER_WAITING), answer=door_shapes.Forgiven, tag="doors"),
    Route("GET", f"{API}/inside", doors.count_inside, "How many are in each zone; numbers only.",
          allowed=WATCH, answer=door_shapes.Inside, tag="doors"),
    Route("GET", f"{DORMITORY}/residents", doors.list_residents, "Who lives in a building; recorded.",
          allowed=rights(Right.SEE_DORMITORIES), answer=door_shapes.Residents, tag="doors", records=True),
    Route("GET", f"{DORMITORY}/not-returned", doors.list_not_returned,
          "Which residents are not surely in the building, as of now; recorded.",
          allowed=rights(Right.SEE_DORMITORIES), answer=door_shapes.Residents, tag="doors", records=True),
    Route("GET", f"{DORMITORY}/late-returns", doors.list_late_returns, "Who came back after curfew; recorded.",
          allowed=rights(Right.SEE_DORMITORIES), query=door_shapes.LateReturnsQuery,
          answer=door_shapes.LateReturns, tag="doors", records=True),
    # ------------------------------------------------------------ decisions and records
    Route("GET", f"{API}/decisions", decisions.list_decisions, "Past decisions, the newest first; recorded.",
          allowed=WATCH, query=shapes.DecisionsQuery, answer=shapes.Decisions, tag="decisions", records=True),
    Route("GET", f"{API}/decisions/{{decision:[0-9]{{1,19}}}}", decisions.get_decision,
          "One decision with its trace; recorded.",
          allowed=WATCH, answer=shapes.DecisionInfo, tag="decisions", records=True),
    Route("GET", f"{API}/ledger", decisions.read_ledger, "The ledger's records, the oldest first; recorded.",
          allowed=rights(Right.READ_LEDGER), query=shapes.LedgerQuery, answer=shapes.LedgerPage, tag="decisions"),
    # ------------------------------------------------------------ orders and the level
    Route("GET", f"{API}/level", orders.get_level,
          "The defence level in force, per zone, what is ahead, and which devices follow.",
          allowed=SIGNED_IN, answer=order_shapes.Levels, tag="level"),
    Route("POST", f"{API}/clock/confirm", orders.confirm_clock, "One of two people says that the wall clock is right.",
          allowed=rights(Right.END_EMERGENCIES, Right.SIGN_ORDERS), answer=order_shapes.ClockInfo, tag="level",
          problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/orders", orders.list_orders, "Orders, those that are over too, the latest start first.",
          allowed=WATCH, query=order_shapes.OrdersQuery, answer=order_shapes.Orders, tag="orders"),
    Route("POST", f"{API}/orders", orders.file_order,
          "Request an order, raise by word, or record a unified one; the same again within a minute is the same order.",
          allowed=rights(Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS), body=order_shapes.NewOrder,
          answer=order_shapes.OrderInfo, status=201, tag="orders", problems=(Kind.CONFLICT,)),
    Route("GET", ORDER, orders.get_order, "One order, its effect and what is ahead.",
          allowed=WATCH, answer=order_shapes.OrderInfo, tag="orders"),
    Route("POST", f"{ORDER}/request", orders.request_order, "Put a draft before the principal.",
          allowed=rights(Right.REQUEST_ORDERS), answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/sign", orders.sign_order, "Sign an own order; never the one who requested it.",
          allowed=rights(Right.SIGN_ORDERS), answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/refuse", orders.refuse_order, "Do not sign it, and say why.",
          allowed=rights(Right.SIGN_ORDERS), body=order_shapes.RefuseOrder, answer=order_shapes.OrderInfo,
          tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/countersign", orders.countersign_order, "Countersign a unified order.",
          allowed=rights(Right.SIGN_ORDERS), answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/confirm", orders.confirm_order, "The leader confirms what was raised by word.",
          allowed=rights(Right.RAISE_ORALLY), answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/document", orders.add_order_number, "The document's number follows.",
          allowed=rights(Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS), body=order_shapes.OrderDocument,
          answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    Route("POST", f"{ORDER}/revoke", orders.revoke_order,
          "Revoke (an L1 order: two people), withdraw one's request, or record the superior's cancellation.",
          allowed=rights(Right.REVOKE_ORDERS, Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS),
          body=order_shapes.EndOrder, answer=order_shapes.OrderInfo, tag="orders", problems=(Kind.CONFLICT,)),
    *LEVEL_ROUTES,
    # ------------------------------------------------------------ what would be decided
    Route("POST", f"{API}/simulate", what_if.simulate, "What would be decided; opens nothing.",
          allowed=rights(Right.SIMULATE), body=what_if.Question, answer=what_if.Simulated, tag="what-if"),
    Route("POST", f"{API}/replay", what_if.replay,
          "Who would have been treated differently under another level or policy; recorded.",
          allowed=rights(Right.SIMULATE), body=what_if.ReplayQuestion, answer=what_if.Replayed,
          body_limit=512 * 1024, tag="what-if"),
    # ------------------------------------------------------------ emergencies and who follows
    Route("GET", f"{API}/emergencies", emergencies.list_emergencies, "Emergencies in force, or those that are over.",
          allowed=WATCH, query=emergency_shapes.EmergenciesQuery, answer=emergency_shapes.Emergencies,
          tag="emergencies"),
    Route("POST", f"{API}/emergencies", emergencies.start_emergency,
          "Lock down or evacuate, now; called twice it is the same one.",
          allowed=rights(Right.START_EMERGENCY), body=emergency_shapes.NewEmergency,
          answer=emergency_shapes.EmergencyInfo, status=201, tag="emergencies", problems=(Kind.CONFLICT,)),
    Route("GET", EMERGENCY, emergencies.get_emergency, "One, with its record.",
          allowed=WATCH, answer=emergency_shapes.EmergencyWithRecord, tag="emergencies"),
    Route("POST", f"{EMERGENCY}/sign", emergencies.sign_emergency, "Sign it; never the one who called it.",
          allowed=rights(Right.SIGN_EMERGENCIES), answer=emergency_shapes.EmergencyInfo, tag="emergencies",
          problems=(Kind.CONFLICT,)),
    Route("POST", f"{EMERGENCY}/end", emergencies.end_emergency, "One of the two people who end it.",
          allowed=rights(Right.END_EMERGENCIES), body=emergency_shapes.EndEmergency,
          answer=emergency_shapes.EmergencyInfo, tag="emergencies", problems=(Kind.CONFLICT,)),
    Route("POST", f"{EMERGENCY}/remarks", emergencies.remark, "Note something on it.",
          allowed=rights(Right.START_EMERGENCY, Right.SIGN_EMERGENCIES), body=emergency_shapes.NewRemark,
          answer=emergency_shapes.EmergencyInfo, status=201, tag="emergencies", problems=(Kind.CONFLICT,)),
    Route("GET", f"{EMERGENCY}/muster", emergencies.muster, "Who was inside and is not known to have left; recorded.",
          allowed=rights(Right.START_EMERGENCY, Right.SIGN_EMERGENCIES), answer=emergency_shapes.Missing,
          tag="emergencies", records=True),
    Route("GET", f"{API}/propagation", emergencies.get_propagation,
          "Every device and the posture that it shows, those that do not follow first.",
          allowed=SEE_DEVICES, answer=emergency_shapes.Propagation, tag="level"),
    Route("GET", f"{API}/level/inside", emergencies.list_inside,
          "Who is inside and could not come in now; recorded.",
          allowed=WATCH, answer=emergency_shapes.InsideList, tag="level", records=True),
    # ------------------------------------------------------------ devices and alarms
    Route("GET", f"{API}/devices", devices.list_devices, "All devices with their state.",
          allowed=SEE_DEVICES, answer=shapes.Devices, tag="devices"),
    Route("GET", f"{API}/devices/{{device:[a-z0-9-]{{1,63}}}}", devices.get_device, "One device.",
          allowed=SEE_DEVICES, answer=shapes.DeviceInfo, tag="devices"),
    Route("POST", f"{API}/devices/{{device:[a-z0-9-]{{1,63}}}}/commands", devices.send_command, "Send a command.",
          allowed=rights(Right.COMMAND_DEVICES), body=shapes.SendCommand, answer=shapes.CommandInfo, status=202,
          tag="devices", problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/devices/{{device:[a-z0-9-]{{1,63}}}}/commands/{{command:[A-Za-z0-9_-]{{1,64}}}}",
          devices.get_command, "What became of a command.",
          allowed=rights(Right.COMMAND_DEVICES, Right.SEE_DEVICES), answer=shapes.CommandInfo, tag="devices"),
    Route("POST", f"{API}/devices/{{device:[a-z0-9-]{{1,63}}}}/quarantine/end", devices.end_quarantine,
          "End a device's quarantine: it lets people in again.",
          allowed=rights(Right.COMMAND_DEVICES), body=shapes.EndQuarantine, answer=shapes.DeviceInfo, tag="devices"),
    *ALARM_ROUTES,
    # ------------------------------------------------------------ whoever waits
    Route("GET", f"{API}/waiting", devices.list_waiting, "Who waits for a person's word.",
          allowed=WATCH, answer=shapes.WaitingList, tag="waiting"),
    Route("POST", f"{API}/waiting/{{tap:[A-Za-z0-9_:.-]{{1,130}}}}", devices.answer_waiting, "Grant or refuse.",
          allowed=rights(Right.ANSWER_WAITING, Right.CONFIRM_RESTRICTED), body=shapes.AnswerWaiting,
          answer=shapes.Answered, tag="waiting",
          problems=(Kind.CONFLICT,)),
    # ------------------------------------------------------------ permits, visits, what a guard does by hand
    *PERMIT_ROUTES,
    *LANE_ROUTES,
    *PASS_ROUTES,
    *SHIFT_ROUTES,
    *HOST_ROUTES,
    *RETURNING_ROUTES,
    *KIOSK_ROUTES,
    *VISIT_DAY_ROUTES,
    *CAMERA_ROUTES,
    *CONTROL_ROUTES,
    *DEVICE_ROUTES,
    *PLAN_ROUTES,
    *STANDING_ROUTES,
    *INCIDENT_ROUTES,
    *ROOM_ROUTES,
    # ------------------------------------------------------------ live, health, documents
    Route("GET", f"{API}/stream", live.stream, "Live events over a WebSocket; of one gate, of all, or of cameras.",
          allowed=rights(Right.WATCH, Right.SEE_CAMERAS), query=live.StreamQuery, status=101, tag="live"),
    Route("GET", "/healthz", ops.healthz, "The process is alive.", allowed=PUBLIC, answer=shapes.Alive, tag="health"),
    Route("GET", "/readyz", ops.readyz, "Its parts are ready: 200, else 503.",
          allowed=PUBLIC, answer=shapes.Ready, tag="health"),
    Route("GET", "/metrics", ops.metrics, "Measurements for Prometheus; from this machine, or with `configure`.",
          allowed=PUBLIC, answer_media="text/plain", tag="health", problems=(Kind.NOT_SIGNED_IN, Kind.NOT_ALLOWED)),
    Route("GET", f"{API}/openapi.json", openapi.serve, "This document.", allowed=PUBLIC, tag="health"),
    # ------------------------------------------------------------ pages
    Route("GET", "/", pages.sign_in, "Sign in.", allowed=PUBLIC, is_page=True),
    Route("GET", "/live", pages.live, "Each tap as it happens.", allowed=PUBLIC, is_page=True),
    Route("GET", "/static/{file:.{1,200}}", files.serve, "Our own files.", allowed=PUBLIC, is_page=True),
    Route("GET", "/lib/{file:.{1,200}}", files.serve, "The browser libraries.", allowed=PUBLIC, is_page=True),
)  # fmt: skip
