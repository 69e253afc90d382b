"""The one table of routes: what there is, who may, what goes in and what comes out.

The registration and the OpenAPI document are both made from it, and a test walks it with every role. A route whose
`allowed` nobody wrote is closed.
"""

from gateway.core.rights import Right
from gateway.web import decisions, devices, files, live, openapi, ops, pages, people, sessions, shapes, users
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
PUBLIC, SIGNED_IN = Access.PUBLIC, Access.SIGNED_IN


def rights(*some: Right) -> frozenset[Right]:
    """Any one of these is enough."""
    return frozenset(some)


WATCH = rights(Right.WATCH)
LOOK_UP = rights(Right.IDENTIFY, Right.MANAGE_PEOPLE, Right.MANAGE_PASSES)
SEE_DEVICES = rights(Right.WATCH, Right.SEE_DEVICES)
USERS = rights(Right.MANAGE_USERS)

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
    Route("GET", f"{API}/people", people.list_people, "Find people by name or id; recorded.",
          allowed=LOOK_UP, query=shapes.PeopleQuery, answer=shapes.People, tag="people"),
    Route("GET", f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}", people.get_person,
          "One person and what they hold; recorded.",
          allowed=LOOK_UP, answer=shapes.PersonWithCredentials, tag="people"),
    Route("POST", f"{API}/credentials/{{credential:[0-9a-f]{{1,32}}}}/revoke", people.revoke_credential,
          "Block a credential for good; refused on the very next tap.",
          allowed=rights(Right.MANAGE_PEOPLE, Right.MANAGE_PASSES), body=shapes.Revoke, answer=shapes.Revoked,
          tag="people"),
    Route("POST", f"{API}/imports", people.import_people, "Take in a CSV table of people: all lines or none.",
          allowed=rights(Right.MANAGE_PEOPLE), raw_body=True, media="text/csv", answer=shapes.Imported,
          body_limit=people.IMPORT_LIMIT, body_within_s=people.IMPORT_WITHIN_S, tag="people"),
    # ------------------------------------------------------------ decisions and records
    Route("GET", f"{API}/decisions", decisions.list_decisions, "Past decisions, the newest first; recorded.",
          allowed=WATCH, query=shapes.DecisionsQuery, answer=shapes.Decisions, tag="decisions"),
    Route("GET", f"{API}/decisions/{{decision:[0-9]{{1,19}}}}", decisions.get_decision,
          "One decision with its trace; recorded.", allowed=WATCH, answer=shapes.DecisionInfo, tag="decisions"),
    Route("GET", f"{API}/ledger", decisions.read_ledger, "The ledger's records, the oldest first; recorded.",
          allowed=rights(Right.READ_LEDGER), query=shapes.LedgerQuery, answer=shapes.LedgerPage, tag="decisions"),
    Route("GET", f"{API}/level", decisions.get_level, "The defence level in force, per zone.",
          allowed=SIGNED_IN, answer=shapes.Levels, tag="level"),
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
    Route("GET", f"{API}/alarms", devices.list_alarms, "What is wrong now, by priority; or what was.",
          allowed=SEE_DEVICES, query=shapes.AlarmsQuery, answer=shapes.Alarms, tag="alarms"),
    Route("POST", f"{API}/alarms/{{alarm:[0-9a-f]{{1,32}}}}/acknowledge", devices.acknowledge_alarm,
          "Say that somebody has seen it.",
          allowed=rights(Right.ACKNOWLEDGE_ALARMS), answer=shapes.AlarmInfo, tag="alarms"),
    Route("POST", f"{API}/alarms/{{alarm:[0-9a-f]{{1,32}}}}/close", devices.close_alarm, "Close it and say how.",
          allowed=rights(Right.CLOSE_ALARMS), body=shapes.CloseAlarm, answer=shapes.AlarmInfo, tag="alarms"),
    # ------------------------------------------------------------ whoever waits
    Route("GET", f"{API}/waiting", devices.list_waiting, "Who waits for a person's word.",
          allowed=WATCH, answer=shapes.WaitingList, tag="waiting"),
    Route("POST", f"{API}/waiting/{{tap:[A-Za-z0-9_:.-]{{1,130}}}}", devices.answer_waiting, "Grant or refuse.",
          allowed=rights(Right.ANSWER_WAITING), body=shapes.AnswerWaiting, answer=shapes.Answered, tag="waiting",
          problems=(Kind.CONFLICT,)),
    # ------------------------------------------------------------ live, health, documents
    Route("GET", f"{API}/stream", live.stream, "Live events over a WebSocket.", allowed=WATCH, status=101, tag="live"),
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
