"""What is said to whom an order waits for: level, zones and time in both languages, and where to look.

Promises: it names nobody, and says nothing that somebody typed: that is read on the page, after signing in. An order
that waits for nobody any more says nothing. Leaves to others: who is told (`order_notices`).
"""

from collections.abc import Collection

from gateway.core.kinds import Level
from gateway.core.nouns import Label
from gateway.core.order_wish import site_zone
from gateway.core.papers import Authority, Lack, Order, OrderState, PaperKind
from gateway.flows.drill_marks import WORD
from gateway.flows.ports import Message
from gateway.flows.site import Site

LEVELS = {
    Level.L1: Label("exceptional", "一级超常"),
    Level.L2: Label("enhanced", "二级加强"),
    Level.L3: Label("normal", "三级常规"),
}
ZONES_NAMED = 4


def waits_for_signer(order: Order) -> bool:
    """A principal's hand is missing, before it counts or after."""
    return order.state is OrderState.REQUESTED or Lack.COUNTERSIGNATURE in order.lacks


def waits(order: Order) -> bool:
    """Somebody's hand is missing."""
    return waits_for_signer(order) or Lack.CONFIRMATION in order.lacks


def order_waits(site: Site, id: str) -> Message | None:
    """None once it waits for nobody any more."""
    order = site.directory.papers.by_id.get(f"{PaperKind.ORDER.value}:{id}")
    if not isinstance(order, Order) or not waits(order):
        return None
    level, where = LEVELS[order.level], zones_in_words(site, order.zones)
    begins = order.starts_at.astimezone(site.campus.timezone)
    until = None if order.ends_at is None else order.ends_at.astimezone(site.campus.timezone)
    wanted = _wanted(order)
    base = site.notices.base_url
    lines = [
        *([WORD] if order.drill else []),
        f"等级 Level: {level.zh} L{int(order.level)} {level.en}",
        f"范围 Zones: {where.zh} · {where.en}",
        f"开始 From: {begins:%Y-%m-%d %H:%M}",
        f"结束 Until: {'未定 open' if until is None else f'{until:%Y-%m-%d %H:%M}'}",
        "",
        f"{wanted.zh}。 {wanted.en}.",
        f"{base}/sign?order={order.id}" if base else "请登录网关的 /sign 页面。 Open /sign on the gateway and sign in.",
        "登录后方可查看；此链接不含密钥。 Shown after you have signed in; the link holds no secret.",
    ]
    mark = f"{WORD}: " if order.drill else ""
    return Message(f"{mark}防范等级指令待您处理 · An order waits for you", "\n".join(lines))


def _wanted(order: Order) -> Label:
    if order.state is OrderState.REQUESTED:
        return Label("Please look at it, and sign it or say why not", "请查看后签发，或予以退回")
    if order.authority is Authority.UNIFIED:
        en = "It counts by the superior's order. Please countersign within 24 hours"
        return Label(en, "上级指令已登记，请在 24 小时内会签")
    en = "It was raised by your word. Please confirm within 24 hours"
    return Label(en, "已按您的口头指令提级，请在 24 小时内确认")


def zones_in_words(site: Site, zones: Collection[str]) -> Label:
    """The whole site, or the first few zones and how many more."""
    if site_zone(site.campus) in zones:
        return Label("the whole site", "全校")
    known = [site.campus.zones[zone].name for zone in sorted(zones) if zone in site.campus.zones]
    more = len(known) - ZONES_NAMED
    en = ", ".join(name.en for name in known[:ZONES_NAMED]) + (f" and {more} more" if more > 0 else "")
    zh = "、".join(name.zh for name in known[:ZONES_NAMED]) + (f"等 {len(known)} 处" if more > 0 else "")
    return Label(en, zh)
