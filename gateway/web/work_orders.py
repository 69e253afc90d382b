"""Handlers: work orders of cameras and devices, and announced maintenance.

Users show by their names of today; what somebody typed, for as long as retention keeps it. Leaves to others: what may
be done when (`flows.work_orders`, `flows.maintenance`).
"""

from collections.abc import Iterable, Mapping

from msgspec import UNSET

from gateway.core.papers import MaintenanceWindow, WorkOrder
from gateway.core.rights import Right
from gateway.flows import maintenance, work_orders
from gateway.flows.work_orders import GATEWAY, KEEP
from gateway.web import work_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words
from gateway.web.problems import FieldError, Kind, Problem

# ---------------------------------------------------------------- work orders


async def list_work_orders(call: Call) -> shapes.WorkOrders:
    query = call.query
    if query.state == "over":
        found = await work_orders.history(call.site, query.subject, query.limit)
    else:
        live = work_orders.open_orders(call.site)
        found = [order for order in live if query.subject in (None, order.subject)][: query.limit]
    names = await _names(call)
    return shapes.WorkOrders([await _order(call, order, names) for order in found])


async def make_order(call: Call) -> shapes.WorkOrderInfo:
    """By hand, for a camera or another device."""
    given = call.body
    async with in_words(call):
        made = await work_orders.make(
            call.site, subject=given.subject, by=call.by.ref, note=given.note, due_at=given.due_at
        )
    return await _order(call, made, await _names(call))


async def list_workers(call: Call) -> shapes.Workers:
    """To whom an order can be given."""
    users = await call.parts.accounts.users()
    return shapes.Workers(sorted(user.name for user in users if not user.disabled and _does_orders(call, user.roles)))


async def take_order(call: Call) -> shapes.WorkOrderInfo:
    """I do it."""
    id = call.path("order")
    async with in_words(call, id):
        changed = await work_orders.change(call.site, id, by=call.by.ref, assignee=call.by.ref)
    return await _order(call, changed, await _names(call))


async def change_order(call: Call) -> shapes.WorkOrderInfo:
    """Somebody else does it, or at another time."""
    given, id = call.body, call.path("order")
    assignee = KEEP if given.assignee is UNSET else await _ref_of(call, given.assignee)
    due_at = KEEP if given.due_at is UNSET else given.due_at
    async with in_words(call, id):
        changed = await work_orders.change(call.site, id, by=call.by.ref, assignee=assignee, due_at=due_at)
    return await _order(call, changed, await _names(call))


async def finish_order(call: Call) -> shapes.WorkOrderInfo:
    """It is done; the next check has to show it."""
    id = call.path("order")
    async with in_words(call, id):
        moved = await work_orders.done(call.site, id, call.body.what, call.by.ref)
    return await _order(call, moved, await _names(call))


async def cancel_order(call: Call) -> shapes.WorkOrderInfo:
    """It is not to be done; not while something stands."""
    id = call.path("order")
    async with in_words(call, id):
        moved = await work_orders.cancel(call.site, id, call.body.why, call.by.ref)
    return await _order(call, moved, await _names(call))


# ---------------------------------------------------------------- maintenance


async def list_windows(call: Call) -> shapes.Windows:
    over = call.query.state == "over"
    found = await maintenance.history(call.site) if over else maintenance.live(call.site)
    names = await _names(call)
    return shapes.Windows([await _window(call, window, names) for window in found])


async def announce(call: Call) -> shapes.WindowInfo:
    """Work on some cameras."""
    given = call.body
    async with in_words(call):
        made = await maintenance.announce(
            call.site,
            cameras=given.cameras,
            starts_at=given.starts_at or call.site.clock.now(),
            ends_at=given.ends_at,
            reason=given.reason,
            by=call.by.ref,
            relearn=given.relearn,
            new_recorder=given.new_recorder,
        )
    return await _window(call, made, await _names(call))


async def renew_window(call: Call) -> shapes.WindowInfo:
    """It takes longer."""
    id = call.path("window")
    async with in_words(call, id):
        renewed = await maintenance.renew(call.site, id, call.body.ends_at, call.by.ref)
    return await _window(call, renewed, await _names(call))


async def end_window(call: Call) -> shapes.WindowInfo:
    """The work is over: the cameras are looked at again."""
    id = call.path("window")
    async with in_words(call, id):
        ended = await maintenance.end(call.site, id, call.by.ref)
    return await _window(call, ended, await _names(call))


# ---------------------------------------------------------------- in the words of the API


async def _order(call: Call, order: WorkOrder, names: Mapping[str, str]) -> shapes.WorkOrderInfo:
    return shapes.WorkOrderInfo(
        id=order.id,
        subject=order.subject,
        is_camera=order.subject in call.site.cameras,
        findings=list(order.findings),
        priority=order.priority,
        state=order.state.value,
        opened_at=order.opened_at,
        due_at=order.due_at,
        overdue=order.is_overdue(call.site.clock.now()),
        by=_name(names, order.by),
        assignee=_name(names, order.assignee),
        mine=order.assignee is not None and order.assignee == call.by.ref,
        note=await _words(call, order.note),
        done_at=order.done_at,
        done_by=_name(names, order.done_by),
        done=await _words(call, order.done_note),
        verified_at=order.verified_at,
        reopened=order.reopened,
        ended_at=order.ended_at,
    )


async def _window(call: Call, window: MaintenanceWindow, names: Mapping[str, str]) -> shapes.WindowInfo:
    now = call.site.clock.now()
    return shapes.WindowInfo(
        id=window.id,
        cameras=list(window.cameras),
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        under_way=window.starts_at <= now < window.until,
        by=_name(names, window.by),
        reason=await _words(call, window.reason),
        relearn=window.relearn,
        new_recorder=window.new_recorder,
        ended_at=window.ended_at,
        ended_by=_name(names, window.ended_by),
    )


async def _names(call: Call) -> dict[str, str]:
    """Users by their references."""
    return {user.ref: user.name for user in await call.parts.accounts.users()}


def _name(names: Mapping[str, str], ref: str | None) -> str | None:
    """A user's name; None for nobody, for the gateway itself, and for whom nobody knows any more."""
    return None if ref in (None, GATEWAY) else names.get(ref or "")


async def _ref_of(call: Call, name: str | None) -> str | None:
    """Somebody who may do work orders, by name."""
    if name is None:
        return None
    user = await call.parts.accounts.user(name)
    if user is None or not _does_orders(call, user.roles):
        raise Problem(Kind.VALIDATION, errors=(FieldError("assignee", "nobody of that name does work orders"),))
    return user.ref


def _does_orders(call: Call, roles: Iterable[str]) -> bool:
    return any(Right.WORK_ORDERS in call.parts.roles.get(role, ()) for role in roles)


async def _words(call: Call, ref: str | None) -> str:
    """What was typed, empty once it has been erased."""
    return "" if ref is None else await call.site.archive.note(ref) or ""
