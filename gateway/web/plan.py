"""Handlers: the plan of the campus, and the picture under it.

Promises: every portal, device and camera is told once, on a plan or as being on none, the same each time. The picture
goes out as it was checked when the configuration was read, from memory, and a browser that opens it by itself runs
nothing in it. Leaves to others: where each sign stands (`flows.plan_signs`), what state anything is in (the stream),
what a plan looks like (`static/control/plan`).
"""

from collections.abc import Iterable, Mapping

from aiohttp import web

from gateway.core.nouns import Campus, Label
from gateway.core.plan import IS_PORTAL, Ground, Plan, Point, Sign, Signed, Thing
from gateway.flows.site import Site
from gateway.web import plan_shapes as shapes
from gateway.web.context import Call
from gateway.web.kiosk_shapes import Both
from gateway.web.problems import not_found

PICTURE = "/api/v1/plan/picture"


async def get_plan(call: Call) -> shapes.Plans:
    """Every plan with its signs."""
    site, signs = call.site, await call.parts.plan_signs.of(call.site)
    teller = _Teller(site)
    return shapes.Plans(
        at=site.clock.now(),
        plans=[teller.plan(board) for board in signs.boards],
        elsewhere=[teller.sign(thing, None, None) for thing in signs.elsewhere],
        places=_places(site),
    )


async def get_plan_picture(call: Call) -> web.Response:
    """The picture under one plan."""
    plan = next((plan for plan in call.site.plans if plan.id == call.path("plan")), None)
    if plan is None or plan.picture is None:
        raise not_found("picture")
    headers = {"ETag": f'"{plan.picture.tag}"', "Cache-Control": "private, max-age=3600"}
    if call.request.headers.get("If-None-Match") == f'"{plan.picture.tag}"':
        return web.Response(status=304, headers=headers)
    return web.Response(body=plan.picture.body, content_type=plan.picture.media, headers=headers)


def _places(site: Site) -> dict[str, list[str]]:
    """Where alarms can be that are no sign: gates, posts, buttons of panels, devices of cameras."""
    campus = site.campus
    places: dict[str, list[str]] = {}
    for device in site.devices:
        for location in device.locations:
            places.setdefault(location, []).append(device.id)
    for state in site.cameras:
        if state.camera.device not in (None, state.camera.id):
            places.setdefault(state.camera.device or "", []).append(state.camera.id)
    for post in campus.posts:
        places.setdefault(post.id, sorted(post.portals))
    for gate in campus.gates:
        places[gate] = [portal.id for portal in campus.portals.values() if portal.gate == gate]
    signs = {*campus.portals, *(device.id for device in site.devices), *(state.camera.id for state in site.cameras)}
    return {place: of for place, of in places.items() if place not in signs and place not in campus.zones}


class _Teller:
    """Plans in the words of the API."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._campus: Campus = site.campus

    def plan(self, board: Signed) -> shapes.PlanInfo:
        plan = board.plan
        picture = None if plan.picture is None else f"{PICTURE}/{plan.id}?v={plan.picture.tag}"
        return shapes.PlanInfo(
            id=plan.id,
            name=_both(plan.name),
            size=plan.size,
            picture=picture,
            laid_out=plan.is_laid_out,
            ground=[_ground(ground) for ground in plan.ground],
            zones=[self._zone(plan, zone, outline) for zone, outline in self._outer_first(plan.zones)],
            signs=[self.sign(sign.thing, sign.spot.at, sign.spot.turn) for sign in _in_order(board.signs)],
        )

    def sign(self, thing: Thing, at: Point | None, turn: float | None) -> shapes.PlanSign:
        campus, camera = self._campus, self._site.cameras.get(thing.id)
        portal = campus.portals.get(thing.portal or "")
        if thing.kind in IS_PORTAL and portal is not None:
            name, of = _both(portal.name), "portal"
        elif camera is not None:
            name, of = _both(camera.camera.name), "camera"
        else:
            name, of = Both(thing.id, thing.id), "device"
        stands_at = None if of == "camera" else portal
        return shapes.PlanSign(
            id=thing.id,
            kind=thing.kind.value,
            of=of,  # type: ignore[arg-type]  # one of the three
            name=name,
            at=at,
            turn=turn,
            zone=thing.zone if stands_at is None else stands_at.zone,
            portal=None if stands_at is None else stands_at.id,
            gate=None if stands_at is None else stands_at.gate,
            device=None if camera is None else camera.camera.device,
            sees=[] if camera is None else sorted(camera.camera.sees),
        )

    def _zone(self, plan: Plan, zone: str, outline: tuple[Point, ...]) -> shapes.PlanZone:
        known = self._campus.zones[zone]
        label = plan.labels.get(zone)
        return shapes.PlanZone(
            id=zone,
            name=_both(known.name),
            kind=known.kind.value,
            parent=known.parent,
            outline=list(outline),
            label=label or _middle(outline),
            anchor="corner" if plan.is_laid_out else "middle" if label is None else "given",
        )

    def _outer_first(self, zones: Mapping[str, tuple[Point, ...]]) -> list[tuple[str, tuple[Point, ...]]]:
        return sorted(zones.items(), key=lambda one: len(self._campus.around(one[0])))


def _in_order(signs: Iterable[Sign]) -> list[Sign]:
    """As somebody goes through them by keyboard: by rows from above, and what stands at a portal after it."""
    return sorted(signs, key=lambda one: (one.thing.portal or "~", one.thing.kind not in IS_PORTAL, one.thing.id))


def _ground(ground: Ground) -> shapes.GroundInfo:
    name = None if ground.name is None else _both(ground.name)
    return shapes.GroundInfo(ground.kind.value, ground.shape.value, list(ground.points), ground.width, name)


def _middle(outline: tuple[Point, ...]) -> Point:
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _both(label: Label) -> Both:
    return Both(label.en, label.zh)
