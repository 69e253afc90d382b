"""The routes of the devices' desk: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import bollard_views, device_desk, device_enrolments, device_shapes
from gateway.web.dispatch import Route
from gateway.web.problems import Kind

API = "/api/v1"
DEVICE = f"{API}/devices/{{device:[a-z0-9-]{{1,63}}}}"
SEE = frozenset({Right.SEE_DEVICES})
COMMAND = frozenset({Right.COMMAND_DEVICES, Right.SEE_DEVICES})
MANAGE = frozenset({Right.MANAGE_DEVICES})
ASK_ALONE = frozenset({Right.COMMAND_DEVICES, Right.MANAGE_PEOPLE})
"""It says where somebody may pass: for those who may look people up."""

DEVICE_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{DEVICE}/state", device_desk.get_state,
          "One device in full: what it shows beside what it was asked, and what it told.",
          allowed=SEE, answer=device_shapes.DeviceState, tag="devices"),
    Route("GET", f"{DEVICE}/events", device_desk.list_events,
          "What the ledger has of one device: its events, its coming and going, bad messages, enrolment.",
          allowed=SEE, query=device_shapes.EventsQuery, answer=device_shapes.DeviceEvents, tag="devices"),
    Route("GET", f"{DEVICE}/commands", device_desk.list_commands, "What a device was commanded, and what became of it.",
          allowed=COMMAND, query=device_shapes.CommandsQuery, answer=device_shapes.Commands, tag="devices"),
    Route("GET", f"{DEVICE}/alone", device_desk.get_alone,
          "By what a device decides while nobody answers it, and its list in numbers.",
          allowed=SEE, answer=device_shapes.AloneNow, tag="devices", problems=(Kind.CONFLICT,)),
    Route("POST", f"{DEVICE}/alone", device_desk.ask_alone,
          "What a device would decide of one person alone; moves nothing; recorded.",
          allowed=ASK_ALONE, body=device_shapes.AskAlone, answer=device_shapes.AloneAsked, tag="devices",
          problems=(Kind.CONFLICT,), records=True),
    Route("GET", f"{API}/bollards", bollard_views.list_bollards,
          "The bollards of every lane: where they are, who is there, and each interlock.",
          allowed=frozenset({Right.SEE_DEVICES, Right.WATCH}), answer=device_shapes.Bollards, tag="devices"),
    # ------------------------------------------------------------ enrolments
    Route("GET", f"{API}/device-places", device_enrolments.list_places, "Where a device of each kind may stand.",
          allowed=MANAGE, answer=device_shapes.DevicePlaces, tag="devices"),
    Route("POST", f"{API}/devices", device_enrolments.enrol,
          "Enrol a device; its key and password are in this one answer and in no other.",
          allowed=MANAGE, body=device_shapes.NewDevice, answer=device_shapes.DeviceBundle, status=201, tag="devices",
          problems=(Kind.CONFLICT,)),
    Route("GET", f"{DEVICE}/consequences", device_enrolments.get_consequences,
          "What goes with a device that is replaced or retired, in numbers.",
          allowed=MANAGE, answer=device_shapes.Consequences, tag="devices"),
    Route("POST", f"{DEVICE}/rotate-key", device_enrolments.rotate_key,
          "A new key for the same device; the old one is taken until the new one is used, 24 hours at most.",
          allowed=MANAGE, answer=device_shapes.DeviceBundle, status=201, tag="devices"),
    Route("POST", f"{DEVICE}/replace", device_enrolments.replace,
          "Another device in the same place: new key and password, and the old ones are dead at once.",
          allowed=MANAGE, body=device_shapes.Because, answer=device_shapes.DeviceBundle, status=201, tag="devices"),
    Route("POST", f"{DEVICE}/retire", device_enrolments.retire, "Let a device go: from now on it is refused.",
          allowed=MANAGE, body=device_shapes.Because, answer=device_shapes.Retired, tag="devices"),
)  # fmt: skip
