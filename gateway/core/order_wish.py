"""What somebody wants to put in force, and everything that is wrong with it: all at once, in both languages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.kinds import Level, ZoneKind
from gateway.core.nouns import Campus, Label
from gateway.core.papers import Authority, Oral

FOLLOWS_WITHIN = timedelta(hours=24)
"""Number, countersignature and confirmation follow within a day; later is an alarm, and the order stands."""
LATE_START = timedelta(minutes=5)
"""So far an own order's start may lie in the past: somebody filled in a form from now on."""
LATE_RECORD = timedelta(days=30)
"""A unified order may arrive late. One that is older than this is a slip in the date."""
FARTHEST = timedelta(days=2 * 366)
LONGEST_TEXT = 500
LONGEST_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to put in force; checked by `faults`."""

    level: int
    zones: tuple[str, ...]
    starts_at: datetime
    reason: str
    ends_at: datetime | None = None
    authority: Authority = Authority.OWN
    document: str | None = None
    oral: Oral | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field of a wish, and what was expected."""

    field: str
    text: Label


def site_zone(campus: Campus) -> str:
    """The zone that an order covers if none is named: the whole site."""
    return next(zone.id for zone in campus.zones.values() if zone.kind is ZoneKind.SITE)


def faults(campus: Campus, wish: Wish, now: datetime) -> list[Fault]:
    """Everything that is wrong with a wish, all at once."""
    found: list[Fault] = []

    def wrong(field: str, en: str, zh: str) -> None:
        found.append(Fault(field, Label(en, zh)))

    if wish.level == Level.L3:
        wrong("level", "L3 needs no order: it holds wherever no order is in force", "三级常规无需启动指令")
    elif wish.level not in set(Level):
        wrong("level", "1 (exceptional) or 2 (enhanced)", "应为 1（超常）或 2（加强）")
    if not wish.zones:
        wrong("zones", "name at least one zone, or leave it out for the whole site", "至少一个区域；全校则不填")
    for index, zone in enumerate(wish.zones):
        if zone not in campus.zones:
            known = ", ".join(campus.zones)
            wrong(f"zones[{index}]", f"no such zone; there are: {known}", f"没有这个区域；现有：{known}")
    _check_times(wish, now, wrong)
    if not wish.reason.strip() or len(wish.reason) > LONGEST_TEXT:
        wrong("reason", f"1 to {LONGEST_TEXT} characters", f"1 至 {LONGEST_TEXT} 个字符")
    if wish.document is None and wish.oral is None:
        wrong("document", "the document's number, or who gave the order by word", "文件编号，或口头下达的记录")
    if wish.document is not None and not is_number(wish.document):
        wrong("document", f"a number of 1 to {LONGEST_NUMBER} printable characters", f"1 至 {LONGEST_NUMBER} 个字符")
    if wish.oral is not None:
        _check_oral(wish.oral, now, wrong)
    return found


def _check_times(wish: Wish, now: datetime, wrong: Callable[[str, str, str], None]) -> None:
    if wish.ends_at is not None and wish.ends_at <= wish.starts_at:
        wrong("ends_at", "has to be later than starts_at", "必须晚于开始时间")
    elif wish.ends_at is not None and wish.ends_at <= now:
        wrong("ends_at", "has passed already", "结束时间已过")
    if wish.authority is Authority.OWN and wish.starts_at < now - LATE_START:
        wrong("starts_at", "lies in the past: an order works from now on", "开始时间已过，指令不能追溯")
    if wish.authority is Authority.UNIFIED and wish.starts_at < now - LATE_RECORD:
        wrong("starts_at", "lies more than 30 days in the past: check the date", "早于 30 天前，请核对日期")
    if wish.starts_at > now + FARTHEST:
        wrong("starts_at", "lies more than two years ahead: check the date", "晚于两年后，请核对日期")


def _check_oral(oral: Oral, now: datetime, wrong: Callable[[str, str, str], None]) -> None:
    for field, text in (("from", oral.from_), ("received_by", oral.received_by)):
        if not text.strip() or len(text) > LONGEST_NUMBER:
            wrong(f"document.{field}", f"1 to {LONGEST_NUMBER} characters", f"1 至 {LONGEST_NUMBER} 个字符")
    if oral.received_at > now + LATE_START:
        wrong("document.received_at", "lies in the future", "晚于当前时间")
    if oral.received_at < now - FOLLOWS_WITHIN:
        wrong("document.received_at", "lies more than 24 hours in the past: the number is due by now", "早于 24 小时前")


def is_number(text: str) -> bool:
    """True if it can be a document's number."""
    return 0 < len(text.strip()) <= LONGEST_NUMBER and text.isprintable()
