"""What the duty leader is told of an alarm that nobody has acknowledged: in both languages, naming no person.

Promises: nothing of a silent alarm but that one waits, because whoever reads it may stand at the place; nothing at all
once somebody has acknowledged it.
"""

from gateway.core.alarm_course import State
from gateway.core.nouns import Label
from gateway.flows.alarm_rows import SILENT
from gateway.flows.ports import Message
from gateway.flows.site import Site

PRIORITIES = {"high": Label("high priority", "高级"), "medium": Label("medium priority", "中级")}
LOW = Label("low priority", "低级")


def unseen(site: Site, id: str) -> Message | None:
    """The words for an alarm; None if there is nothing to say any more."""
    alarm = site.alarms.by_id.get(id)
    if alarm is None or alarm.state != State.UNACKNOWLEDGED:
        return None
    since = (alarm.told_at or alarm.opened_at).astimezone(site.campus.timezone)
    priority = PRIORITIES.get(alarm.priority, LOW)
    lines = [
        f"{since:%Y-%m-%d %H:%M} 起监控室无人确认一条{priority.zh}警情，请立即电话联系监控室。",
        f"Since {since:%H:%M} nobody in the control room has acknowledged an alarm of {priority.en}. Please call now.",
    ]
    if alarm.condition not in SILENT:
        means = site.catalogue.of(alarm.condition).consequence
        zone = site.campus.zones.get(alarm.zone)
        where = Label(alarm.place, alarm.place) if zone is None else zone.name
        lines += ["", f"位置 Place: {where.zh} {where.en} ({alarm.place})", f"{means.zh}。 {means.en}."]
    return Message("警情无人确认 · An alarm that nobody has acknowledged", "\n".join(lines))
