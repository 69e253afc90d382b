"""The routes of alarms: a part of the one table in `routes`.

Acknowledging, ticking steps and calling are for whoever may acknowledge, a guard at the gate too; what silences an
alarm, ends it or moves it to another room is for the control room; what takes it out of service for longer than a shift
is a right of its own.
"""

from gateway.core.rights import Right
from gateway.web import alarm_acts as acts
from gateway.web import alarm_shapes as shapes
from gateway.web.dispatch import Route
from gateway.web.problems import Kind

API = "/api/v1"
ALARM = f"{API}/alarms/{{alarm:[0-9a-f]{{1,32}}}}"
SEE = frozenset({Right.WATCH, Right.SEE_DEVICES})
ACKNOWLEDGE = frozenset({Right.ACKNOWLEDGE_ALARMS})
CLOSE = frozenset({Right.CLOSE_ALARMS})
OUT = frozenset({Right.SUSPEND_ALARMS})
CONFLICT = (Kind.CONFLICT,)

ALARM_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/alarms", acts.list_alarms, "What is wrong now, the most pressing first; or what was.",
          allowed=SEE, query=shapes.AlarmsQuery, answer=shapes.Alarms, tag="alarms"),
    Route("GET", f"{API}/alarms/catalogue", acts.get_catalogue,
          "What each condition means: priority, checklist, whom to call, how long it may wait.",
          allowed=SEE, answer=shapes.CatalogueInfo, tag="alarms"),
    Route("GET", ALARM, acts.get_alarm, "One alarm, open or closed, with what happened to it and its members.",
          allowed=SEE, answer=shapes.AlarmStory, tag="alarms"),
    Route("POST", f"{ALARM}/acknowledge", acts.acknowledge_alarm, "Say that somebody has seen it.",
          allowed=ACKNOWLEDGE, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
    Route("POST", f"{ALARM}/steps", acts.tick_alarm_step, "A line of its checklist is done, or was not after all.",
          allowed=ACKNOWLEDGE, body=shapes.TickStep, answer=shapes.AlarmInfo, tag="alarms"),
    Route("POST", f"{ALARM}/calls", acts.note_alarm_call, "Somebody of the call list was called about it.",
          allowed=ACKNOWLEDGE, body=shapes.AlarmCalled, answer=shapes.AlarmInfo, tag="alarms"),
    Route("POST", f"{ALARM}/take-over", acts.take_over_alarm, "Another control room deals with it.",
          allowed=CLOSE, body=shapes.TakeOverAlarm, answer=shapes.AlarmInfo, tag="alarms"),
    Route("POST", f"{ALARM}/close", acts.close_alarm, "Close it, and say by a code what it was.",
          allowed=CLOSE, body=shapes.CloseAlarm, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
    Route("POST", f"{ALARM}/shelve", acts.shelve_alarm, "Not to be heard until then; never what is about a life.",
          allowed=CLOSE, body=shapes.ShelveAlarm, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
    Route("POST", f"{ALARM}/unshelve", acts.unshelve_alarm, "Heard again from now on.",
          allowed=CLOSE, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
    Route("POST", f"{ALARM}/out-of-service", acts.put_alarm_out_of_service, "Not looked at until somebody says so.",
          allowed=OUT, body=shapes.OutOfService, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
    Route("POST", f"{ALARM}/in-service", acts.put_alarm_in_service, "Looked at again.",
          allowed=OUT, answer=shapes.AlarmInfo, tag="alarms", problems=CONFLICT),
)  # fmt: skip
