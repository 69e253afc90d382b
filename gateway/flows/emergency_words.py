"""What is said to whoever may sign an emergency that somebody called: what, where, since when, in both languages.

Promises: it names nobody, and not why it was called: that is read on the page, after signing in. One that is signed or
over says nothing. Leaves to others: who is told (`emergency_notices`).
"""

from gateway.core.nouns import Label
from gateway.core.papers import EmergencyKind
from gateway.flows.drill_marks import WORD
from gateway.flows.order_words import zones_in_words
from gateway.flows.ports import Message
from gateway.flows.site import Site

KINDS = {EmergencyKind.LOCKDOWN: Label("Lockdown", "封控"), EmergencyKind.EVACUATE: Label("Evacuation", "疏散")}


def emergency_called(site: Site, id: str) -> Message | None:
    """None once it is signed, or over."""
    emergency = site.emergencies.get(id)
    if emergency is None or not emergency.is_live or emergency.signed_by is not None:
        return None
    kind, where = KINDS[emergency.kind], zones_in_words(site, emergency.zones)
    since = emergency.started_at.astimezone(site.campus.timezone)
    base = site.notices.base_url
    lines = [
        *([WORD] if emergency.drill else []),
        f"{kind.zh} {kind.en}",
        f"范围 Zones: {where.zh} · {where.en}",
        f"开始 Since: {since:%Y-%m-%d %H:%M}",
        "",
        "已经生效，须由启动人以外的领导签字。请联系监控室。",
        "It is in force, and is to be signed by a leader who did not call it. Please call the control room.",
        *([f"{base}/control#level"] if base else []),
    ]
    mark = f"{WORD}: " if emergency.drill else ""
    return Message(f"{mark}{kind.zh}已启动 · {kind.en} is in force", "\n".join(lines))
