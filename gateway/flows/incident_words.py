"""What is said of an incident outside the gateway's own pages: the notice to the duty leader, and the report itself.

Promises: both languages in one text, because nobody knows which one the reader prefers; a drill is marked in the first
word. A report says what its draft says and nothing else; the reminder names kind, place and time, and nobody.
"""

from datetime import datetime

from gateway.core.incident_course import deadline
from gateway.core.nouns import Label
from gateway.core.papers.incidents import DRAFT_FIELDS, Incident, IncidentKind
from gateway.flows.drill_marks import WORD
from gateway.flows.ports import Message
from gateway.flows.site import Site

KINDS = {
    IncidentKind.INTRUSION: Label("intrusion", "闯入"),
    IncidentKind.FORCED_DOOR: Label("forced door", "强行开门"),
    IncidentKind.FIRE: Label("fire", "火情"),
    IncidentKind.TRAFFIC: Label("traffic", "车辆交通"),
    IncidentKind.VIOLENCE: Label("violence", "暴力冲突"),
    IncidentKind.MEDICAL: Label("first aid", "急救"),
    IncidentKind.PROPERTY: Label("property", "财物"),
    IncidentKind.EQUIPMENT: Label("equipment", "设施设备"),
    IncidentKind.VISITOR: Label("visitor", "来访"),
    IncidentKind.OTHER: Label("other", "其他"),
}
FIELDS = {
    "time": Label("Time", "时间"),
    "place": Label("Place", "地点"),
    "source": Label("Source", "信息来源"),
    "nature": Label("Nature", "事件性质"),
    "scope": Label("Scope", "影响范围"),
    "trend": Label("Trend", "发展趋势"),
    "measures": Label("Measures", "已采取措施"),
}


def report_due(site: Site, incident: Incident) -> Message:
    """To the duty leader: the hour runs, and the report is not sent."""
    kind, where = KINDS[incident.kind], label_of(site, incident.place)
    until = local(site, deadline(incident))
    lines = [
        *_mark(incident),
        f"事件 Incident: {kind.zh} {kind.en}",
        f"地点 Place: {where.zh} {where.en}",
        f"时间 Time: {local(site, incident.starts_at):%Y-%m-%d %H:%M}",
        "",
        f"书面报告尚未报出，时限为 {until:%H:%M}。请立即与监控室联系。",
        f"The written report is not sent; it is due at {until:%H:%M}. Please call the control room now.",
    ]
    return Message("突发事件报告待报 · An incident report is due", "\n".join(lines))


def report(site: Site, incident: Incident) -> Message | None:
    """To the superior authority: what the draft says."""
    draft = incident.draft
    if draft is None:
        return None
    kind = KINDS[incident.kind]
    school = site.campus.name
    lines = [*_mark(incident), f"{school.zh} {school.en}", f"事件 Incident: {kind.zh} {kind.en}", ""]
    lines += [f"{FIELDS[name].zh} {FIELDS[name].en}: {getattr(draft, name)}" for name in DRAFT_FIELDS]
    if incident.sent and incident.sent[-1].unreviewed:
        lines += ["", "本报告未经主要领导审核。 No principal leader has reviewed this report."]
    return Message("突发事件报告 · Incident report", "\n".join(lines))


def label_of(site: Site, place: str) -> Label:
    """A place as people call it; its own id where the configuration has no name for it."""
    campus = site.campus
    if place in campus.portals:
        return campus.portals[place].name
    if place in campus.zones:
        return campus.zones[place].name
    if place in campus.gates:
        return campus.gates[place]
    post = next((post for post in campus.posts if post.id == place), None)
    if post is not None:
        return post.name
    camera = site.cameras.get(place)
    if camera is not None:
        return camera.camera.name
    device = site.devices.get(place)
    stands_at = None if device is None else device.portal or device.zone
    if stands_at is None or stands_at == place:
        return Label(place, place)
    at = label_of(site, stands_at)
    return Label(f"{at.en} ({place})", f"{at.zh} ({place})")


def local(site: Site, at: datetime) -> datetime:
    """A time on the campus's own clock."""
    return at.astimezone(site.campus.timezone)


def _mark(incident: Incident) -> list[str]:
    return [WORD, ""] if incident.drill else []
