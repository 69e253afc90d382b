"""`wardgate level`: the defence level, and orders through their whole life, with the gateway running or stopped.

Promises: the command line gives nobody a right. Whoever acts is a user (`--as`), proven by their password or a token
of theirs on standard input, and has the rights of their roles at that moment. A running gateway follows within a
second; one that is stopped carries out at its start what was due. Leaves to others: what an act comes to
(`flows.order_acts`).
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.proven import proven, with_rights
from gateway.cli.site_store import SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.core import orders as life
from gateway.core.levels import changes_between, order_in_force
from gateway.core.order_course import effect_of
from gateway.core.order_wish import Wish, site_zone
from gateway.core.orders import Refused
from gateway.core.papers import Authority, Oral, Order, OrderState, PaperKind
from gateway.flows import order_acts
from gateway.flows.clock_watch import KEY as CLOCK_KEY
from gateway.flows.order_acts import Filed, Shelf, WrongWish
from gateway.flows.ports import Outdated
from gateway.flows.sign_in import Who
from gateway.settings import environment, load
from gateway.store.accounts import user_named
from gateway.store.archive import live_orders, newest_told
from gateway.store.papers import find_paper

TRIES = 20
AHEAD = timedelta(days=400)

AsOption = Annotated[
    str, typer.Option("--as", metavar="USER", help="Who does it; their password or token comes from standard input.")
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The order's id, as `show` prints it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands on the order.")]
LevelOption = Annotated[int, typer.Option("--level", help="1 (exceptional) or 2 (enhanced).")]
ZonesOption = Annotated[
    str, typer.Option("--zones", metavar="ZONE[,ZONE]", help="Which zones.", show_default="the whole site")
]
FromOption = Annotated[str, typer.Option("--from", metavar="TIME", help="RFC 3339, such as 2026-10-30T00:00:00+08:00.")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The same; without it: open.")]
DocumentOption = Annotated[str | None, typer.Option("--document", help="The document's number.")]
DrillOption = Annotated[bool, typer.Option("--drill", help="An exercise: like the real thing, and marked as a drill.")]


def by_default(context: typer.Context, config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Without a command: `show`. A folder named here holds for the command behind it."""
    if context.invoked_subcommand is None:
        show(config, as_json)
    elif config != HERE:
        context.default_map = {context.invoked_subcommand: {"config": str(config)}}


# ---------------------------------------------------------------- looking


def show(config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Show the level of every zone, the order that sets it, what is ahead, and the orders that wait for somebody."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        shelf = _shelf(store)
        doubt = store.read(lambda connection: newest_told(connection, CLOCK_KEY))
    trusted_until = None
    if doubt is not None and doubt[1]["state"] == "suspect":
        trusted_until = datetime.fromisoformat(doubt[1]["trusted_until"])
    zones = [_zone(shelf, zone, trusted_until) for zone in settings.campus.zones]
    known = sorted(shelf.orders.values(), key=lambda order: order.starts_at)
    clock = "good" if trusted_until is None else "suspect"
    if as_json:
        orders = [as_json_order(order, shelf, trusted_until) for order in known]
        result_json({"at": _time(shelf.now), "clock": clock, "zones": zones, "orders": orders})
        return
    if trusted_until is not None:
        say(f"the clock is suspect: no order ends after {_time(trusted_until)} until it is confirmed")
    width = max(len(zone) for zone in settings.campus.zones)
    for zone in zones:
        drill = " DRILL 演练" if zone["drill"] else ""
        by = "" if zone["order"] is None else f"  order {zone['order']} until {zone['until'] or 'revoked'}"
        result(f"{zone['zone']:{width}}  L{zone['level']}{drill}{by}")
    for order in known:
        result(_line(order, shelf, trusted_until))


def plan(config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Show the timeline: what will be in force where, by the orders that are signed."""
    settings = load(config, environment())
    with open_site_store(settings) as store:
        shelf = _shelf(store)
    changes = [change for zone in settings.campus.zones for change in _timeline(shelf, zone)]
    changes.sort(key=lambda change: change["at"])
    if as_json:
        result_json({"at": _time(shelf.now), "timeline": changes})
        return
    together: dict[tuple[str, int, str | None, bool], list[str]] = {}
    for change in changes:
        key = (change["at"], change["level"], change["order"], change["drill"])
        together.setdefault(key, []).append(change["zone"])
    for (at, level, order, drill), zones in together.items():
        by = "no order" if order is None else f"order {order}"
        result(f"{at}  L{level}{' DRILL 演练' if drill else ''}  {', '.join(zones)}  ({by})")
    if not changes:
        say("nothing is ahead")


# ---------------------------------------------------------------- acting


def request(
    level: LevelOption,
    reason: ReasonOption,
    by: AsOption,
    document: DocumentOption = None,
    zones: ZonesOption = "",
    starts: FromOption = "now",
    until: UntilOption = None,
    drill: DrillOption = False,
    oral_from: Annotated[
        str | None, typer.Option("--oral-from", metavar="USER", help="The leader who raises by word.")
    ] = None,
    call_back: Annotated[str, typer.Option("--call-back", help="The number at which the leader was called back.")] = "",
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Request an own order, which a principal signs; or record one that a leader raises by word."""
    _file(
        config, by, as_json, level, reason, document, zones, starts, until, drill, Authority.OWN, oral_from, call_back
    )  # fmt: skip


def unified(
    level: LevelOption,
    reason: ReasonOption,
    by: AsOption,
    document: DocumentOption = None,
    zones: ZonesOption = "",
    starts: FromOption = "now",
    until: UntilOption = None,
    drill: DrillOption = False,
    oral_from: Annotated[
        str | None, typer.Option("--oral-from", metavar="OFFICE", help="The superior's office, if it came by word.")
    ] = None,
    call_back: Annotated[str, typer.Option("--call-back", help="The number at which it was called back.")] = "",
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Record an order of the superior authority: in force from the time named there."""
    _file(
        config, by, as_json, level, reason, document, zones, starts, until, drill, Authority.UNIFIED, oral_from,
        call_back,
    )  # fmt: skip


def sign(id: IdArgument, by: AsOption, config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Sign an own order; never the one who requested it."""
    _move(config, id, by, as_json, order_acts.sign)


def countersign(id: IdArgument, by: AsOption, config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Countersign a unified order, within 24 hours of its record."""
    _move(config, id, by, as_json, order_acts.countersign)


def confirm(id: IdArgument, by: AsOption, config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """The leader confirms what was raised by word."""
    _move(config, id, by, as_json, order_acts.confirm)


def refuse(
    id: IdArgument, reason: ReasonOption, by: AsOption, config: ConfigOption = HERE, as_json: JsonOption = False
) -> None:
    """Do not sign it, and say why."""
    _move(config, id, by, as_json, lambda shelf, order, who: order_acts.refuse(shelf, order, who, reason))


def number(
    id: IdArgument,
    document: Annotated[str, typer.Option("--document", help="The document's number.")],
    by: AsOption,
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Add the document's number of an order that came by word."""
    _move(config, id, by, as_json, lambda shelf, order, who: order_acts.number(shelf, order, who, document))


def revoke(
    id: IdArgument,
    reason: ReasonOption,
    by: AsOption,
    document: Annotated[
        str | None, typer.Option("--document", help="Of a unified order: the number of the superior's cancellation.")
    ] = None,
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Revoke an order (L1: two people, one after the other), withdraw a request, or record a cancellation."""
    _move(config, id, by, as_json, lambda shelf, order, who: order_acts.end_early(shelf, order, who, reason, document))


# ---------------------------------------------------------------- between the words and the flows


def _file(
    config: Path, by: str, as_json: bool, level: int, reason: str, document: str | None, zones: str, starts: str,
    until: str | None, drill: bool, authority: Authority, oral_from: str | None, call_back: str,
) -> None:  # fmt: skip
    settings = load(config, environment())
    moment = now()
    starts_at = moment if starts == "now" else _moment(starts, "--from")
    ends_at = None if until is None else _moment(until, "--until")
    named = tuple(zone.strip() for zone in zones.split(",") if zone.strip()) or (site_zone(settings.campus),)
    oral = None if oral_from is None else Oral(oral_from.strip(), by, moment, call_back)
    wish = Wish(level, named, starts_at, reason, ends_at, authority, document, oral, drill)
    with open_site_store(settings) as store:
        who = proven(store, by)
        leader = None
        if oral_from is not None and authority is Authority.OWN:
            user = store.read(lambda connection: user_named(connection, oral_from.strip().lower()))
            leader = None if user is None or user.disabled else with_rights(user, settings)
        id = secrets.token_hex(8)
        _carry_out(store, as_json, lambda shelf: order_acts.file(shelf, id, wish, who, leader))


def _move(config: Path, id: str, by: str, as_json: bool, act: Callable[[Shelf, Order, Who], Filed]) -> None:
    settings = load(config, environment())
    with open_site_store(settings) as store:
        _order_on(store, _shelf(store), id)
        who = proven(store, by)
        # Looked up anew in each try: somebody may end the order while a password is typed.
        _carry_out(store, as_json, lambda shelf: act(shelf, _order_on(store, shelf, id), who))


def _order_on(store: SiteStore, shelf: Shelf, id: str) -> Order:
    """The order as it stands on `shelf`; one that is over is looked up, to say so.

    That is read after the shelf's version: what comes in between makes an act outdated, not wrong.
    """
    found = shelf.orders.get(id) or store.read(lambda connection: find_paper(connection, PaperKind.ORDER, id))
    if not isinstance(found, Order):
        fail(f"there is no order {id!r}; `wardgate level show` names them")
    return found


def _carry_out(store: SiteStore, as_json: bool, decide: Callable[[Shelf], Filed]) -> None:
    """Decide on what there is, write if nothing changed meanwhile, and say what came of it."""
    try:
        for _ in range(TRIES):
            shelf = _shelf(store)
            filed = decide(shelf)
            if filed.unit is None or not isinstance(store.commit(filed.unit), Outdated):
                break
        else:
            fail("others change the directory at the same time; try again", COULD_NOT_RUN)
    except WrongWish as error:
        if as_json:
            faults = [{"field": fault.field, "message": fault.text.en} for fault in error.faults]
            result_json({"ok": False, "errors": faults})
        for fault in error.faults:
            say(f"{fault.field}: {fault.text.en}")
        fail("nothing was filed", FOUND_WRONG)
    except Refused as refused:
        if as_json:
            result_json({"ok": False, "refused": refused.why.value, "message": life.SENTENCES[refused.why].en})
        fail(f"{life.SENTENCES[refused.why].en} ({refused.why.value})", FOUND_WRONG)
    order = filed.order
    if as_json:
        result_json(as_json_order(order, shelf, None))
        return
    result(order.id)
    say(_line(order, shelf, None))
    if order.state is OrderState.SIGNED and order.revoking_by is not None and order.signed_at != shelf.now:
        say("one of two people has revoked it; it holds until a second one does, within 15 minutes")
    effect = effect_of(shelf.campus, shelf.orders.values(), order, shelf.now)
    if order.state in (OrderState.REQUESTED, OrderState.SIGNED) and effect.why is not None:
        say(effect.why.en)


def _shelf(store: SiteStore) -> Shelf:
    version, orders = store.read(live_orders)
    return Shelf(store.settings.campus, {order.id: order for order in orders}, version, now())


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: expected a time such as 2026-10-30T00:00:00+08:00")
    if moment.tzinfo is None:
        fail(f"{option}: the time needs its offset, such as +08:00")
    return moment


# ---------------------------------------------------------------- words


def as_json_order(order: Order, shelf: Shelf, trusted_until: datetime | None) -> dict[str, Any]:
    """An order for a script."""
    effect = effect_of(shelf.campus, shelf.orders.values(), order, shelf.now)
    return {
        "id": order.id,
        "state": life.standing(order, shelf.now, trusted_until),
        "level": int(order.level),
        "zones": sorted(order.zones),
        "starts_at": _time(order.starts_at),
        "ends_at": None if order.ends_at is None else _time(order.ends_at),
        "authority": order.authority.value,
        "drill": order.drill,
        "document": order.document,
        "reason": order.reason,
        "lacks": [lack.value for lack in order.lacks],
        "overdue": life.is_overdue(order, shelf.now),
        "revoking": order.revoking_by is not None and order.state is OrderState.SIGNED,
        "effect": "raises" if effect.raises else "none",
        "why": None if effect.why is None else effect.why.en,
    }


def _line(order: Order, shelf: Shelf, trusted_until: datetime | None) -> str:
    until = "open" if order.ends_at is None else _time(order.ends_at)
    parts = [
        f"{order.id}  L{int(order.level)}",
        life.standing(order, shelf.now, trusted_until),
        order.authority.value,
        f"{_time(order.starts_at)} to {until}",
        ",".join(sorted(order.zones)),
    ]
    if order.drill:
        parts.append("DRILL 演练")
    if order.lacks:
        late = "OVERDUE: " if life.is_overdue(order, shelf.now) else "needs "
        parts.append(late + ", ".join(lack.value for lack in order.lacks))
    return "  ".join(parts)


def _zone(shelf: Shelf, zone: str, trusted_until: datetime | None) -> dict[str, Any]:
    order = order_in_force(shelf.campus, shelf.orders.values(), zone, shelf.now, trusted_until)
    return {
        "zone": zone,
        "level": 3 if order is None else int(order.level),
        "order": None if order is None else order.id,
        "drill": order is not None and order.drill,
        "until": None if order is None or order.ends_at is None else _time(order.ends_at),
        "timeline": _timeline(shelf, zone),
    }


def _timeline(shelf: Shelf, zone: str) -> list[dict[str, Any]]:
    ahead = changes_between(shelf.campus, shelf.orders.values(), zone, shelf.now, shelf.now + AHEAD)
    return [
        {
            "at": _time(at),
            "zone": zone,
            "level": int(level),
            "order": None if order is None else order.id,
            "drill": order is not None and order.drill,
        }
        for at, level, order in ahead
    ]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
