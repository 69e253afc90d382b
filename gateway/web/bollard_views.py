"""Handler: every lane's bollards with their interlocks, for the control room's cards. They are moved by commands."""

import msgspec

from gateway.flows import bollard_view
from gateway.web import device_shapes as shapes
from gateway.web.context import Call


async def list_bollards(call: Call) -> shapes.Bollards:
    """Each lane that has one; what a loop does not say counts as present."""
    return shapes.Bollards([_lane(call, lane) for lane in bollard_view.all_lanes(call.site)])


def _lane(call: Call, lane: bollard_view.LaneNow) -> shapes.BollardLane:
    bollards = [_bollard(call, one) for one in lane.bollards]
    return shapes.BollardLane(lane.portal, lane.at, lane.held, lane.opens_at, lane.closes_at, bollards)


def _bollard(call: Call, one: bollard_view.BollardNow) -> shapes.BollardState:
    parts = {name: getattr(one, name) for name in one.__slots__ if name != "armed_by"}
    parts["armed_by_me"] = one.armed_by is not None and one.armed_by == call.by.ref
    return msgspec.convert(parts, shapes.BollardState, from_attributes=True)
