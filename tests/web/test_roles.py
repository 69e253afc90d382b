"""Who may do what: every route, every role, walked from the OpenAPI document as a stranger reads it."""

import json
import re

from gateway.web.context import PARTS, Call
from gateway.web.dispatch import CLOSED, Access, Route
from gateway.web.openapi import document
from gateway.web.routes import ROUTES
from gateway.web.server import make_app
from tests.web.guardpost import GuardPost

ROLES = (
    "guard",
    "operator",
    "security_officer",
    "duty_leader",
    "principal",
    "teacher",
    "dorm_manager",
    "maintenance",
    "office",
    "admin",
    "auditor",
)

WATCHERS = {"guard", "operator", "security_officer", "duty_leader", "principal", "dorm_manager"}
SEERS = WATCHERS | {"maintenance", "admin"}
DEVICE_SEERS = {"operator", "security_officer", "maintenance", "admin"}
LOOKERS = {"guard", "operator", "security_officer", "admin"}
CALLERS = {"guard", "operator", "security_officer"}
AT_THE_GATE = {"guard", "operator", "security_officer"}
EVERYBODY = set(ROLES)
EXPORTERS = {"security_officer", "auditor", "principal"}
CONTROL_ROOM = {"operator", "security_officer"}
CAMERA_SEERS = CONTROL_ROOM | {"duty_leader", "principal", "maintenance"}
INCIDENT_SEERS = CONTROL_ROOM | {"duty_leader", "principal"}

EXPECTED: dict[tuple[str, str], set[str]] = {
    ("delete", "/api/v1/session"): EVERYBODY,
    ("get", "/api/v1/me"): EVERYBODY,
    ("patch", "/api/v1/me"): EVERYBODY,
    ("get", "/api/v1/sessions"): EVERYBODY,
    ("delete", "/api/v1/sessions/{session}"): EVERYBODY,
    ("get", "/api/v1/level"): EVERYBODY,
    ("post", "/api/v1/clock/confirm"): {"duty_leader", "principal"},
    ("get", "/api/v1/orders"): WATCHERS,
    ("post", "/api/v1/orders"): {"security_officer"},
    ("get", "/api/v1/orders/{order}"): WATCHERS,
    ("post", "/api/v1/orders/{order}/request"): {"security_officer"},
    ("post", "/api/v1/orders/{order}/sign"): {"principal"},
    ("post", "/api/v1/orders/{order}/refuse"): {"principal"},
    ("post", "/api/v1/orders/{order}/countersign"): {"principal"},
    ("post", "/api/v1/orders/{order}/confirm"): {"duty_leader", "principal"},
    ("post", "/api/v1/orders/{order}/document"): {"security_officer"},
    ("post", "/api/v1/orders/{order}/revoke"): {"security_officer", "duty_leader", "principal"},
    ("post", "/api/v1/orders/preview"): {"security_officer"},
    ("get", "/api/v1/orders/{order}/preview"): {"security_officer", "duty_leader", "principal"},
    ("get", "/api/v1/level/times"): WATCHERS,
    ("get", "/api/v1/control-rooms"): WATCHERS,
    ("post", "/api/v1/control-rooms/{room}/take-over"): CONTROL_ROOM,
    ("post", "/api/v1/control-rooms/{room}/hand-back"): CONTROL_ROOM,
    ("post", "/api/v1/control-rooms/{room}/present"): CONTROL_ROOM,
    ("get", "/api/v1/users"): {"admin"},
    ("post", "/api/v1/users"): {"admin"},
    ("get", "/api/v1/users/{user}"): {"admin"},
    ("patch", "/api/v1/users/{user}"): {"admin"},
    ("get", "/api/v1/users/{user}/sessions"): {"admin"},
    ("delete", "/api/v1/users/{user}/sessions"): {"admin"},
    ("delete", "/api/v1/users/{user}/sessions/{session}"): {"admin"},
    ("get", "/api/v1/people"): LOOKERS,
    ("get", "/api/v1/people/{person}"): LOOKERS,
    ("post", "/api/v1/people"): {"security_officer", "admin"},
    ("patch", "/api/v1/people/{person}"): {"security_officer", "admin"},
    ("get", "/api/v1/windows"): {"security_officer", "admin", "principal"},
    ("get", "/api/v1/roles"): {"admin"},
    ("get", "/api/v1/configuration"): {"admin", "principal"},
    ("get", "/api/v1/configuration/campus"): {"admin", "principal"},
    ("post", "/api/v1/configuration/check"): {"admin"},
    ("post", "/api/v1/configuration/proposal"): {"admin"},
    ("post", "/api/v1/configuration/proposal/withdraw"): {"admin", "principal"},
    ("post", "/api/v1/configuration/proposal/accept"): {"admin", "principal"},
    ("post", "/api/v1/configuration/restart"): {"admin"},
    ("get", "/api/v1/backups"): {"admin"},
    ("post", "/api/v1/backups"): {"admin"},
    ("post", "/api/v1/people/search"): LOOKERS,
    ("post", "/api/v1/people/find"): LOOKERS,
    ("post", "/api/v1/people/{person}/whereabouts"): LOOKERS,
    ("post", "/api/v1/people/{person}/movements"): {"security_officer"},
    ("post", "/api/v1/inside/{zone}"): {"security_officer"},
    ("get", "/api/v1/reads"): {"auditor"},
    ("get", "/api/v1/ledger/verification"): {"auditor"},
    ("post", "/api/v1/ledger/verify"): {"auditor"},
    ("post", "/api/v1/hosts/search"): AT_THE_GATE,
    ("post", "/api/v1/people/{person}/left"): {"security_officer", "admin"},
    ("get", "/api/v1/exports"): EXPORTERS,
    ("post", "/api/v1/exports"): EXPORTERS,
    ("post", "/api/v1/exports/{export}/approve"): EXPORTERS,
    ("post", "/api/v1/exports/{export}/refuse"): EXPORTERS,
    ("get", "/api/v1/exports/{export}/file"): EXPORTERS,
    ("get", "/api/v1/holds"): {"security_officer", "auditor"},
    ("post", "/api/v1/holds"): {"security_officer", "auditor"},
    ("post", "/api/v1/holds/{hold}/release"): {"security_officer", "auditor"},
    ("get", "/api/v1/retention"): {"security_officer", "auditor", "admin"},
    ("get", "/api/v1/people/{person}/picture"): LOOKERS,
    ("put", "/api/v1/people/{person}/picture"): {"security_officer", "admin"},
    ("delete", "/api/v1/people/{person}/picture"): {"security_officer", "admin"},
    ("get", "/api/v1/people/{person}/contact"): {"security_officer", "admin"},
    ("put", "/api/v1/people/{person}/contact"): {"security_officer", "admin"},
    ("post", "/api/v1/credentials/{credential}/revoke"): {"security_officer", "admin"},
    ("post", "/api/v1/imports"): {"security_officer", "admin"},
    ("put", "/api/v1/people/{person}/pin"): {"security_officer", "admin"},
    ("delete", "/api/v1/people/{person}/pin"): {"security_officer", "admin"},
    ("post", "/api/v1/people/{person}/pin/unlock"): {"operator", "security_officer"},
    ("post", "/api/v1/people/{person}/forgive"): {"guard", "operator", "security_officer"},
    ("get", "/api/v1/inside"): WATCHERS,
    ("get", "/api/v1/dormitories/{zone}/residents"): {"dorm_manager"},
    ("get", "/api/v1/dormitories/{zone}/not-returned"): {"dorm_manager"},
    ("get", "/api/v1/dormitories/{zone}/late-returns"): {"dorm_manager"},
    ("get", "/api/v1/decisions"): WATCHERS,
    ("get", "/api/v1/decisions/{decision}"): WATCHERS,
    ("get", "/api/v1/ledger"): {"auditor"},
    ("post", "/api/v1/simulate"): {"security_officer", "auditor"},
    ("post", "/api/v1/replay"): {"security_officer", "auditor"},
    ("get", "/api/v1/emergencies"): WATCHERS,
    ("post", "/api/v1/emergencies"): CALLERS,
    ("get", "/api/v1/emergencies/{emergency}"): WATCHERS,
    ("post", "/api/v1/emergencies/{emergency}/sign"): {"duty_leader", "principal"},
    ("post", "/api/v1/emergencies/{emergency}/end"): {"duty_leader", "principal"},
    ("post", "/api/v1/emergencies/{emergency}/remarks"): CALLERS | {"duty_leader", "principal"},
    ("get", "/api/v1/emergencies/{emergency}/muster"): CALLERS | {"duty_leader", "principal"},
    ("get", "/api/v1/emergencies/{emergency}/roll-call"): CALLERS | {"duty_leader", "principal"},
    ("post", "/api/v1/emergencies/{emergency}/roll-call"): CALLERS | {"duty_leader", "principal"},
    ("get", "/api/v1/propagation"): SEERS,
    ("get", "/api/v1/level/inside"): WATCHERS,
    ("get", "/api/v1/plan"): SEERS,
    ("get", "/api/v1/plan/picture/{plan}"): SEERS,
    ("get", "/api/v1/devices"): SEERS,
    ("get", "/api/v1/devices/{device}"): SEERS,
    ("post", "/api/v1/devices/{device}/commands"): {"operator"},
    ("post", "/api/v1/devices/{device}/quarantine/end"): {"operator"},
    ("get", "/api/v1/devices/{device}/commands/{command}"): {"operator", "security_officer", "maintenance", "admin"},
    ("get", "/api/v1/devices/{device}/state"): DEVICE_SEERS,
    ("get", "/api/v1/devices/{device}/events"): DEVICE_SEERS,
    ("get", "/api/v1/devices/{device}/commands"): DEVICE_SEERS,
    ("get", "/api/v1/devices/{device}/alone"): DEVICE_SEERS,
    ("post", "/api/v1/devices/{device}/alone"): {"operator", "security_officer", "admin"},
    ("get", "/api/v1/bollards"): SEERS,
    ("get", "/api/v1/device-places"): {"admin"},
    ("post", "/api/v1/devices"): {"admin"},
    ("get", "/api/v1/devices/{device}/consequences"): {"admin"},
    ("post", "/api/v1/devices/{device}/rotate-key"): {"admin"},
    ("post", "/api/v1/devices/{device}/replace"): {"admin"},
    ("post", "/api/v1/devices/{device}/retire"): {"admin"},
    ("get", "/api/v1/alarms"): SEERS,
    ("post", "/api/v1/alarms/{alarm}/acknowledge"): {"guard", "operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/close"): {"operator", "security_officer"},
    ("get", "/api/v1/alarms/catalogue"): SEERS,
    ("get", "/api/v1/alarms/{alarm}"): SEERS,
    ("post", "/api/v1/alarms/{alarm}/steps"): {"guard", "operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/calls"): {"guard", "operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/take-over"): {"operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/shelve"): {"operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/unshelve"): {"operator", "security_officer"},
    ("post", "/api/v1/alarms/{alarm}/out-of-service"): {"security_officer"},
    ("post", "/api/v1/alarms/{alarm}/in-service"): {"security_officer"},
    ("get", "/api/v1/waiting"): WATCHERS,
    ("get", "/api/v1/gates"): WATCHERS,
    ("get", "/api/v1/gates/{gate}"): WATCHERS,
    ("get", "/api/v1/gates/{gate}/taps/{tap}/picture"): AT_THE_GATE,
    ("post", "/api/v1/session/unlock"): EVERYBODY,
    ("post", "/api/v1/session/touch"): EVERYBODY,
    ("post", "/api/v1/session/lock"): EVERYBODY,
    ("post", "/api/v1/waiting/{tap}/late"): AT_THE_GATE,
    ("post", "/api/v1/visits/offline"): AT_THE_GATE,
    ("post", "/api/v1/waiting/{tap}"): {"guard", "operator", "security_officer"},
    ("get", "/api/v1/authorisations"): WATCHERS,
    ("post", "/api/v1/authorisations"): {"duty_leader", "principal"},
    ("post", "/api/v1/authorisations/{authorisation}/revoke"): {"duty_leader", "principal"},
    ("get", "/api/v1/slips"): WATCHERS | {"teacher"},
    ("post", "/api/v1/slips"): {"teacher"},
    ("post", "/api/v1/slips/{slip}/revoke"): {"teacher"},
    ("post", "/api/v1/slips/{slip}/approve"): {"teacher"},
    ("post", "/api/v1/slips/{slip}/refuse"): {"teacher"},
    ("post", "/api/v1/slips/students"): {"teacher"},
    ("post", "/api/v1/slips/collectors"): {"teacher"},
    ("post", "/api/v1/imports/slips"): {"teacher"},
    ("get", "/api/v1/waiting/{tap}/picture"): AT_THE_GATE,
    ("get", "/api/v1/lanes"): WATCHERS,
    ("post", "/api/v1/lanes/{portal}/raise"): AT_THE_GATE,
    ("post", "/api/v1/lanes/{portal}/admit"): AT_THE_GATE,
    ("post", "/api/v1/vehicles/search"): AT_THE_GATE,
    ("post", "/api/v1/vehicles/register"): WATCHERS,
    ("get", "/api/v1/vehicles/requests"): {"security_officer"},
    ("post", "/api/v1/vehicles/{vehicle}/head-count"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/vehicle"): AT_THE_GATE,
    ("post", "/api/v1/imports/vehicles"): {"security_officer"},
    ("get", "/api/v1/bans"): {"security_officer", "duty_leader", "principal"},
    ("post", "/api/v1/bans"): {"security_officer"},
    ("post", "/api/v1/bans/{ban}/approve"): {"security_officer", "duty_leader", "principal"},
    ("post", "/api/v1/bans/{ban}/object"): {"security_officer", "duty_leader", "principal"},
    ("post", "/api/v1/bans/{ban}/lift"): {"security_officer", "duty_leader", "principal"},
    ("get", "/api/v1/gatherings"): WATCHERS | {"teacher"},
    ("post", "/api/v1/gatherings"): {"security_officer", "teacher"},
    ("post", "/api/v1/gatherings/{gathering}/approve"): {"security_officer"},
    ("post", "/api/v1/gatherings/{gathering}/refuse"): {"security_officer"},
    ("post", "/api/v1/gatherings/{gathering}/cancel"): {"security_officer", "teacher"},
    ("get", "/api/v1/vehicles"): WATCHERS,
    ("post", "/api/v1/vehicles"): {"security_officer"},
    ("patch", "/api/v1/vehicles/{vehicle}"): {"security_officer"},
    ("post", "/api/v1/vehicles/{vehicle}/remove"): {"security_officer"},
    ("get", "/api/v1/essential"): WATCHERS,
    ("post", "/api/v1/essential"): {"security_officer"},
    ("post", "/api/v1/essential/{essential}/remove"): {"security_officer"},
    ("get", "/api/v1/visits"): AT_THE_GATE | {"teacher", "office"},
    ("post", "/api/v1/visits"): AT_THE_GATE | {"teacher"},
    ("post", "/api/v1/visits/returning"): AT_THE_GATE,
    ("get", "/api/v1/visits/{visit}"): AT_THE_GATE | {"teacher", "office"},
    ("post", "/api/v1/visits/{visit}/confirm"): {"teacher"},
    ("post", "/api/v1/visits/{visit}/decline"): {"teacher"},
    ("post", "/api/v1/visits/{visit}/confirm-by-telephone"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/move"): {"teacher"},
    ("post", "/api/v1/visits/{visit}/ask-host"): AT_THE_GATE,
    ("get", "/api/v1/visits/{visit}/host-number"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/consent"): {"office"},
    ("post", "/api/v1/visits/{visit}/approve-vehicle"): {"security_officer"},
    ("post", "/api/v1/visits/{visit}/check-in"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/belongings"): AT_THE_GATE,
    ("get", "/api/v1/gates/{gate}/day"): AT_THE_GATE,
    ("get", "/api/v1/muster"): CALLERS | {"duty_leader", "principal"},
    ("get", "/api/v1/standing-passes"): WATCHERS,
    ("post", "/api/v1/standing-passes"): {"security_officer"},
    ("patch", "/api/v1/standing-passes/{standing}"): {"security_officer"},
    ("post", "/api/v1/standing-passes/{standing}/revoke"): {"security_officer"},
    ("get", "/api/v1/standing-passes/{standing}/code"): {"security_officer"},
    ("get", "/api/v1/delegations"): AT_THE_GATE | {"teacher"},
    ("post", "/api/v1/delegations"): AT_THE_GATE | {"teacher"},
    ("get", "/api/v1/delegations/{visit}"): AT_THE_GATE | {"teacher"},
    ("post", "/api/v1/delegations/{visit}/check-in"): AT_THE_GATE,
    ("post", "/api/v1/delegations/{visit}/count"): AT_THE_GATE,
    ("post", "/api/v1/delegations/{visit}/check-out"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/check-out"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/refuse"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/cancel"): AT_THE_GATE | {"teacher"},
    ("get", "/api/v1/visits/{visit}/pass"): AT_THE_GATE | {"teacher"},
    ("post", "/api/v1/visits/{visit}/pass"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/pass/print"): AT_THE_GATE,
    ("post", "/api/v1/visits/{visit}/badge"): AT_THE_GATE,
    ("get", "/api/v1/printers"): AT_THE_GATE,
    ("get", "/api/v1/printers/jobs/{job}"): AT_THE_GATE,
    ("post", "/api/v1/passes/present"): AT_THE_GATE,
    ("post", "/api/v1/passes/scan"): AT_THE_GATE,
    ("post", "/api/v1/identifications"): AT_THE_GATE,
    ("get", "/api/v1/identifications"): AT_THE_GATE | {"teacher"},
    ("post", "/api/v1/openings"): AT_THE_GATE,
    ("get", "/api/v1/openings"): WATCHERS,
    ("post", "/api/v1/openings/{opening}/disposal"): AT_THE_GATE | {"duty_leader", "principal"},
    ("get", "/api/v1/calls"): AT_THE_GATE,
    ("post", "/api/v1/calls"): AT_THE_GATE,
    ("post", "/api/v1/panic"): WATCHERS,
    ("get", "/api/v1/relief"): WATCHERS,
    ("post", "/api/v1/relief"): AT_THE_GATE,
    ("post", "/api/v1/relief/{relief}/coming"): {"operator", "security_officer"},
    ("post", "/api/v1/relief/{relief}/done"): AT_THE_GATE,
    ("get", "/api/v1/shifts"): AT_THE_GATE,
    ("get", "/api/v1/shifts/history"): {"security_officer"},
    ("post", "/api/v1/shifts/take-over"): AT_THE_GATE,
    ("post", "/api/v1/shifts/{shift}/sign"): AT_THE_GATE,
    ("post", "/api/v1/shifts/{shift}/withdraw"): AT_THE_GATE,
    ("post", "/api/v1/shifts/{shift}/end"): AT_THE_GATE,
    ("get", "/api/v1/paper-day"): AT_THE_GATE,
    ("post", "/api/v1/paper-day"): AT_THE_GATE,
    ("post", "/api/v1/paper-entries"): AT_THE_GATE,
    ("get", "/api/v1/stream"): WATCHERS,
    ("get", "/api/v1/cameras"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/coverage"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}/checks"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}/picture"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}/findings/{finding}"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}/evidence/{picture}"): CAMERA_SEERS,
    ("get", "/api/v1/cameras/{camera}/reference"): CAMERA_SEERS,
    ("post", "/api/v1/cameras/{camera}/reference/confirm"): CONTROL_ROOM,
    ("post", "/api/v1/cameras/{camera}/reference/relearn"): CONTROL_ROOM | {"maintenance"},
    ("get", "/api/v1/work-orders"): CAMERA_SEERS,
    ("post", "/api/v1/work-orders"): CONTROL_ROOM | {"maintenance"},
    ("patch", "/api/v1/work-orders/{order}"): CONTROL_ROOM | {"maintenance"},
    ("post", "/api/v1/work-orders/{order}/take"): {"maintenance"},
    ("post", "/api/v1/work-orders/{order}/done"): {"maintenance"},
    ("post", "/api/v1/work-orders/{order}/cancel"): CONTROL_ROOM | {"maintenance"},
    ("get", "/api/v1/maintenance-windows"): CAMERA_SEERS,
    ("post", "/api/v1/maintenance-windows"): {"maintenance"},
    ("post", "/api/v1/maintenance-windows/{window}/renew"): {"maintenance"},
    ("post", "/api/v1/maintenance-windows/{window}/end"): CONTROL_ROOM | {"maintenance"},
    ("get", "/api/v1/camera-rounds"): CAMERA_SEERS,
    ("get", "/api/v1/work-orders/workers"): CONTROL_ROOM | {"maintenance"},
    ("post", "/api/v1/camera-rounds"): CONTROL_ROOM,
    ("get", "/api/v1/reports/availability"): CAMERA_SEERS,
    ("get", "/api/v1/incidents"): INCIDENT_SEERS,
    ("post", "/api/v1/incidents"): CONTROL_ROOM,
    ("get", "/api/v1/incidents/{incident}"): INCIDENT_SEERS,
    ("patch", "/api/v1/incidents/{incident}"): CONTROL_ROOM,
    ("get", "/api/v1/incidents/{incident}/timeline"): INCIDENT_SEERS,
    ("get", "/api/v1/incidents/{incident}/report"): INCIDENT_SEERS,
    ("post", "/api/v1/incidents/{incident}/alarms"): CONTROL_ROOM,
    ("delete", "/api/v1/incidents/{incident}/alarms/{alarm}"): CONTROL_ROOM,
    ("post", "/api/v1/incidents/{incident}/notes"): INCIDENT_SEERS,
    ("post", "/api/v1/incidents/{incident}/by-word"): INCIDENT_SEERS,
    ("put", "/api/v1/incidents/{incident}/draft"): CONTROL_ROOM,
    ("post", "/api/v1/incidents/{incident}/ask-review"): CONTROL_ROOM,
    ("post", "/api/v1/incidents/{incident}/review"): {"principal"},
    ("post", "/api/v1/incidents/{incident}/return"): {"principal"},
    ("post", "/api/v1/incidents/{incident}/send"): {"security_officer", "duty_leader", "principal"},
    ("post", "/api/v1/incidents/{incident}/follow-ups"): INCIDENT_SEERS,
    ("post", "/api/v1/incidents/{incident}/close"): CONTROL_ROOM,
    ("post", "/api/v1/incidents/{incident}/reopen"): CONTROL_ROOM,
    ("post", "/api/v1/incidents/{incident}/keep"): {"security_officer", "auditor"},
}
"""Written by hand from the policy's roles, so that a slip in the table of routes or of roles shows here."""

PUBLIC = {
    ("post", "/api/v1/session/card"),
    ("post", "/api/v1/session"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/api/v1/openapi.json"),
    ("post", "/api/v1/host-link/open"),
    ("post", "/api/v1/passes/draw"),
    ("post", "/api/v1/host-link/answer"),
}

EXAMPLES = {
    "session": "0" * 16,
    "user": "nobody",
    "person": "NOBODY",
    "credential": "0" * 32,
    "decision": "999999",
    "device": "no-such-device",
    "command": "nothing",
    "alarm": "0" * 16,
    "tap": "nothing",
    "gate": "north",
    "authorisation": "0" * 16,
    "slip": "0" * 16,
    "ban": "0" * 16,
    "gathering": "0" * 16,
    "vehicle": "0" * 32,
    "essential": "0" * 32,
    "visit": "0" * 16,
    "standing": "0" * 16,
    "relief": "0" * 16,
    "export": "0" * 16,
    "hold": "0" * 16,
    "shift": "0" * 16,
    "opening": "0" * 16,
    "zone": "no-such-zone",
    "emergency": "0" * 16,
    "order": "0" * 16,
    "portal": "no-such-lane",
    "job": "nothing-1",
    "camera": "no-such-camera",
    "plan": "no-such-plan",
    "finding": "0" * 16,
    "picture": "0" * 16,
    "window": "0" * 16,
    "incident": "0" * 16,
    "room": "no-such-room",
}


def operations(api: dict) -> list[tuple[str, str, dict]]:
    return [(method, path, one) for path, methods in api["paths"].items() for method, one in methods.items()]


async def walk(post: GuardPost, headers: dict[str, str]) -> dict[tuple[str, str], int]:
    """The status of every operation for one caller, each asked with a harmless body of the right type."""
    client = post.client(**headers)
    async with client.get("/api/v1/openapi.json") as answer:
        api = await answer.json()
    found = {}
    for method, path, operation in operations(api):
        where = re.sub(r"\{(\w+)\}", lambda match: EXAMPLES[match[1]], path)
        media = next(iter(operation.get("requestBody", {}).get("content", {})), None)
        more = {} if media is None else {"data": b"{}", "headers": {"Content-Type": media}}
        async with client.request(method, where, **more) as answer:
            found[method, path] = answer.status
    return found


async def test_every_route_for_every_role(post: GuardPost) -> None:
    wrong = []
    for role in ROLES:
        user = await post.add_user(f"one-{role.replace('_', '-')}", role)
        statuses = await walk(post, {"Authorization": f"Bearer {await post.add_token(user)}"})
        assert set(statuses) == set(EXPECTED) | PUBLIC
        for operation, allowed in EXPECTED.items():
            is_in = statuses[operation] not in (401, 403)
            if is_in != (role in allowed) or statuses[operation] >= 500:
                wrong.append((role, *operation, statuses[operation]))
    assert wrong == []


async def test_nobody_gets_in_without_signing_in(post: GuardPost) -> None:
    statuses = await walk(post, {})

    assert {operation for operation, status in statuses.items() if status != 401} == PUBLIC


async def test_a_route_that_nobody_opened_is_closed_to_everybody(post: GuardPost) -> None:
    async def answer(call: Call) -> None:
        raise AssertionError("the handler of a closed route ran")

    closed = Route("GET", "/api/v1/forgotten", answer, "Nobody thought of its right.")
    assert closed.allowed is CLOSED
    parts = post.listener.app[PARTS]
    app = make_app(
        post.site,
        accounts=parts.accounts,
        records=parts.records,
        roles=parts.roles,
        read_policy=parts.read_policy,
        routes=[*ROUTES, closed],
    )
    await post.listener.stop()
    post.listener = type(post.listener)(app, "127.0.0.1", 0)
    await post.listener.start()

    for role in ROLES:
        user = await post.add_user(f"closed-{role.replace('_', '-')}", role)
        client = post.client(Authorization=f"Bearer {await post.add_token(user)}")
        async with client.get("/api/v1/forgotten") as said:
            assert said.status == 403


async def test_nobody_gives_themselves_a_role(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    async with guard.patch("/api/v1/me", json={"language": "zh", "roles": ["admin"]}) as answer:
        problem = await answer.json()

    assert answer.status == 422 and problem["errors"] == [{"field": "roles", "message": "unknown field"}]


async def test_an_admin_does_not_change_their_own_roles(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")

    for change in ({"roles": ["admin", "operator"]}, {"disabled": True}):
        async with admin.patch("/api/v1/users/boss", json=change) as answer:
            assert answer.status == 409


async def test_a_page_of_the_wrong_role_shows_nobody(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher")
    await post.tap("CARD-LI")

    async with teacher.get("/live") as answer:
        page = await answer.text()

    assert answer.status == 403 and "Li Na" not in page


def test_the_document_names_the_rights_of_every_route_that_has_some() -> None:
    api = document(ROUTES)

    without = [
        (method, path)
        for method, path, operation in operations(api)
        if operation["security"] and (method, path) not in EXPECTED
    ]
    assert without == [] and json.dumps(api)
    assert all(route.allowed is Access.PUBLIC for route in ROUTES if route.is_page)
