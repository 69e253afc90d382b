"""What a notice says: one short text in both languages, because nobody knows which one the reader prefers.

Promises: no document, no telephone number, no plate; what goes in is handed over, so that nothing is looked up here.
"""

from datetime import datetime

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Label
from gateway.flows.ports import Message

LONGEST = 80
"""Of what somebody typed: messengers cut long texts, and the link comes last."""
KINDS = {
    HolderKind.VISITOR: Label("visitor", "来访者"),
    HolderKind.GUARDIAN: Label("guardian", "家长"),
    HolderKind.OFFICIAL: Label("official", "公务人员"),
    HolderKind.MEDIA: Label("media", "媒体"),
    HolderKind.CONTRACTOR: Label("contractor", "施工维修人员"),
    HolderKind.SUPPLIER: Label("supplier", "供货人员"),
}


def visitor_waits(
    *,
    name: str,
    organisation: str,
    kind: HolderKind,
    purpose: str,
    starts_at: datetime,
    ends_at: datetime,
    gate: Label | None,
    link: str,
) -> Message:
    """To the host; times are the campus's own."""
    word = KINDS.get(kind, KINDS[HolderKind.VISITOR])
    who = f"{short(name)} ({short(organisation)})" if organisation else short(name)
    lines = [
        f"门卫请您确认一位{word.zh}。 The gate asks you about a {word.en}.",
        "",
        f"姓名 Name: {who}",
        f"事由 Purpose: {short(purpose)}",
        f"时间 Time: {span(starts_at, ends_at)}",
        *([] if gate is None else [f"校门 Gate: {gate.zh} {gate.en}"]),
        "",
        "请点开链接回答。 Please open the link to answer.",
        link,
        "此链接仅供您本人使用，请勿转发。 The link is for you alone: do not pass it on.",
    ]
    return Message("访客待您确认 · A visitor needs your answer", "\n".join(lines))


def left_without_slip(name: str, at: datetime, gate: Label) -> Message:
    """To a counsellor."""
    lines = [
        f"姓名 Name: {short(name)}",
        f"时间 Time: {at:%Y-%m-%d %H:%M}",
        f"校门 Gate: {gate.zh} {gate.en}",
        "",
        "该生在封闭期内无假条离校，门卫未予阻拦，特此告知。",
        "Left in a closed period without a leave slip. Nobody was held; this is so that you know.",
    ]
    return Message("学生无假条离校 · A student left without a slip", "\n".join(lines))


def often_without_card(name: str, times: int, at: datetime, gate: Label) -> Message:
    """To the unit."""
    lines = [
        f"姓名 Name: {short(name)}",
        f"时间 Time: {at:%Y-%m-%d %H:%M}",
        f"校门 Gate: {gate.zh} {gate.en}",
        "",
        f"30 天内第 {times} 次未带卡入校，请提醒本人随身带卡。",
        f"Came without the card {times} times within 30 days. Please remind them to carry it.",
    ]
    return Message("多次未带卡 · Often without the card", "\n".join(lines))


def operator_silent(room: Label, asked_at: datetime) -> Message:
    """To the duty leader: nobody answers in a control room at night. Names the room and nobody."""
    return Message(
        "监控室值班员无应答 · No sign of life from the control room",
        f"{room.zh} {room.en}\n"
        f"{asked_at:%Y-%m-%d %H:%M} 起呼叫值班员未应答。请立即电话联系监控室，无人应答的派人前往。\n"
        f"The operator has not answered since {asked_at:%H:%M}. Please telephone the room now, and send somebody if "
        "nobody answers.",
    )


def short(text: str) -> str:
    """On one line, and not too long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def span(starts_at: datetime, ends_at: datetime) -> str:
    """From when to when, with the second day only if it is another."""
    end = f"{ends_at:%H:%M}" if ends_at.date() == starts_at.date() else f"{ends_at:%Y-%m-%d %H:%M}"
    return f"{starts_at:%Y-%m-%d %H:%M} – {end}"
