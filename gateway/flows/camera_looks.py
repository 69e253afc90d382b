"""The life of references, what a camera looks like when all is well: learnt by itself, confirmed by a person, retired.

Theory. A camera has a *first* reference by day and one by infrared. Light and shadows make it look otherwise at other
hours; so it may have one more for each part of the day, six of four hours. Such a one is learnt only after the camera
was well for a while, and only if it fits the first one: it is never held against another hour's, or a camera that is
turned or covered little by little would take its references with it.

Promises: a reference that nobody has confirmed is shown as such; a camera that shows nothing, or next to nothing, or at
which anything is suspected, is not learnt; of each mode and part of the day at most one is in use; old references are
kept, and each step is in the ledger. Leaves to others: making one of pictures, and comparing (`gateway.video.checks`).
"""

import hashlib
import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.core.health import Health, Measures
from gateway.flows.cameras import CameraState, LookOf, SmallPicture
from gateway.flows.changes import CameraLookKept, CameraLookMoved, CameraPictureKept
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

WITHIN_S = 10.0
DAY = "day"
INFRARED = "infrared"
GREY_BELOW = 4.0
"""Less colour than this is a grey picture: infrared light, or a camera without colour; as the checks have it."""
PARTS = 6
"""Parts of a day: so many references may be in use by day, and as many by infrared."""
CALM_S = 1_800.0
"""A camera has to be well for so long before it is learnt at another hour, and before that is tried again."""

FLATTEST = 0.5
"""Where nothing can be seen in more than this share of the picture, it may be a cover: it is not learnt by itself."""
LEAST_CONTRAST = 8.0
LEAST_TEXTURE = 0.05


class NoSuchLook(LookupError):
    """There is no such reference, or it is not in use any more."""


class NoSuchCamera(LookupError):
    """No camera of that id is configured."""


async def looks(site: Site, camera: str) -> Sequence[LookOf]:
    """All references of a camera, the newest first, with those that are retired. Raises `NoSuchCamera`,
    `LedgerUnavailable`."""
    _state(site, camera)
    return await site.archive.cameras.looks(camera)


async def confirm(site: Site, camera: str, look: str, by: str) -> LookOf:
    """A person says: this is how it should look. Raises `NoSuchCamera`, `NoSuchLook`, `LedgerUnavailable`."""
    state = _state(site, camera)
    known = next((one for one in state.looks if one.id == look), None)
    if known is None:
        raise NoSuchLook(look)
    if known.state == "confirmed":
        return known
    now = site.clock.now()
    confirmed = replace(known, state="confirmed", confirmed_at=now, confirmed_by=by)
    await site.ledger.commit(Unit((_entry(confirmed, now, by),), (CameraLookMoved(confirmed),)), WITHIN_S)
    others = [one for one in state.looks if one.id != look]
    state.looks = _sorted([confirmed, *others])
    site.feed.publish({"type": "camera_look", "camera": camera, "look": look, "state": "confirmed", "at": now})
    return confirmed


async def relearn(site: Site, camera: str, by: str) -> None:
    """The camera was moved, cleaned or replaced: what it looked like is retired, and its next healthy looks are learnt.
    `by` is a user's reference, or `maintenance` at the end of announced work. Raises `NoSuchCamera`,
    `LedgerUnavailable`."""
    state = _state(site, camera)
    now = site.clock.now()
    retired = [replace(one, state="retired", retired_at=now) for one in state.looks]
    entries = [_entry(one, now, by) for one in retired]
    if not entries:
        entries = [Entry("camera_look", now, {"camera": camera, "state": "wanted", "by": by})]
    await site.ledger.commit(Unit(tuple(entries), tuple(CameraLookMoved(one) for one in retired)), WITHIN_S)
    gone = {one.id for one in retired}
    state.looks = tuple(one for one in state.looks if one.id not in gone)
    state.is_fresh = True
    site.cameras.stale.add(camera)
    site.feed.publish({"type": "camera_look", "camera": camera, "state": "wanted", "at": now})


def of_cameras_that_left(site: Site, in_use: Iterable[LookOf]) -> tuple[tuple[Entry, ...], tuple[CameraLookMoved, ...]]:
    """What is to be written of references whose camera is not in the file any more: they are not in use."""
    now = site.clock.now()
    left = [replace(one, state="retired", retired_at=now) for one in in_use if one.camera not in site.cameras]
    return tuple(_entry(one, now, "gateway") for one in left), tuple(map(CameraLookMoved, left))


async def learnt(site: Site, state: CameraState, mode: str, body: bytes, jpeg: bytes | None) -> LookOf:
    """A camera has shown what it looks like: kept, not confirmed. Raises `LedgerUnavailable`."""
    now, camera = site.clock.now(), state.camera.id
    id = secrets.token_hex(8)
    picture = None if jpeg is None else SmallPicture(secrets.token_hex(8), camera, now, "reference", id, jpeg)
    part = part_of(site, now)
    look = LookOf(id, camera, mode, "learnt", now, picture=None if picture is None else picture.id, part=part)
    body_of = _entry(look, now, "gateway")
    body_of.body["sha256"] = hashlib.sha256(body).hexdigest()
    pictures = () if picture is None else (CameraPictureKept(picture),)
    await site.ledger.commit(Unit((body_of,), (CameraLookKept(look, body), *pictures)), WITHIN_S)
    state.looks = _sorted([*state.looks, look])
    site.feed.publish({"type": "camera_look", "camera": camera, "look": id, "state": "learnt", "at": now})
    return look


def mode_of(measures: Measures) -> str:
    """By day, or by infrared light; a camera without colour is always the latter."""
    return INFRARED if measures.saturation < GREY_BELOW else DAY


def is_wanted(state: CameraState, measures: Measures) -> bool:
    """True if nothing was learnt yet of how the camera looks now."""
    return all(look.mode != mode_of(measures) for look in state.looks)


def part_of(site: Site, at: datetime) -> int:
    """The part of the day, by the site's clock."""
    return at.astimezone(site.campus.timezone).hour * PARTS // 24


def compared(site: Site, state: CameraState) -> tuple[LookOf, ...]:
    """What the camera is held against now: the first reference of each mode, and those of this part of the day."""
    part = part_of(site, site.clock.now())
    first = {mode: _first(state, mode) for mode in (DAY, INFRARED)}
    return tuple(look for look in state.looks if look.part == part or look is first.get(look.mode))


def first_for_another(site: Site, state: CameraState, measures: Measures) -> LookOf | None:
    """If it is worth learning how the camera looks at this hour: the reference that this has to fit. Else None.

    `measures` is of a planned check, against whichever of those in use is most alike.
    """
    first = _first(state, mode_of(measures))
    calm_s = state.calm_since_s
    if first is None or calm_s is None or site.clock.monotonic() - calm_s < CALM_S:
        return None
    return first if _has_place(site, state, first) and fits(measures) and differs(measures) else None


def may_join(site: Site, state: CameraState, first: LookOf, pictures: Iterable[tuple[float, Measures]]) -> bool:
    """True if what was just seen, held against the first reference of its mode, may become this hour's."""
    if state.spells or state.health.raised or state.health.suspects:
        return False
    if all(look.id != first.id for look in state.looks) or not _has_place(site, state, first):
        return False  # retired meanwhile
    seen = [measures for _, measures in pictures]
    return all(mode_of(one) == first.mode and fits(one) for one in seen) and any(differs(one) for one in seen)


def fits(measures: Measures) -> bool:
    """True if this is without doubt the view of the reference: well inside of what would make anybody suspicious."""
    m = measures
    if m.kept is None or m.lost is None or m.area is None or m.gain is None or m.level is None or m.sharp is None:
        return False
    stays = math.hypot(m.shift_x or 0.0, m.shift_y or 0.0) <= 0.005
    stays = stays and abs(m.turned or 0.0) <= 0.5 and abs((m.zoomed or 1.0) - 1.0) <= 0.02
    shows = m.kept >= 0.7 and m.lost <= 0.1 and m.area <= 0.1
    is_clear = 0.6 <= m.gain <= 1.6 and 0.55 <= m.level <= 1.8 and m.sharp >= 0.7
    return stays and shows and is_clear and (m.noise or 0.0) <= 1.2 and (m.cast or 0.0) <= 0.1


def differs(measures: Measures) -> bool:
    """True if the reference says less of this hour than one of its own would: other shadows, or another light."""
    kept, level = measures.kept, measures.level
    return kept is not None and level is not None and (kept < 0.9 or not 0.8 <= level <= 1.25)


def _first(state: CameraState, mode: str) -> LookOf | None:
    """A confirmed one, or else the oldest."""
    return next((look for look in state.looks if look.mode == mode), None)


def _has_place(site: Site, state: CameraState, first: LookOf) -> bool:
    part = part_of(site, site.clock.now())
    return all((look.mode, look.part) != (first.mode, part) for look in state.looks)


def may_be_learnt(pictures: Iterable[tuple[float, Measures]]) -> bool:
    """True if these pictures of one look, by themselves, have nothing wrong with them and show a place."""
    judge, count = Health(), 0
    for at_s, measures in pictures:
        count += 1
        judge.see(at_s, measures)
        if judge.suspects or judge.raised or not shows_a_place(measures):
            return False
    return count > 0


def shows_a_place(measures: Measures) -> bool:
    """False for a picture in which next to nothing can be seen."""
    is_seen = measures.flat <= FLATTEST and measures.contrast >= LEAST_CONTRAST
    return is_seen and measures.texture >= LEAST_TEXTURE


def _state(site: Site, camera: str) -> CameraState:
    state = site.cameras.get(camera)
    if state is None:
        raise NoSuchCamera(camera)
    return state


def _sorted(known: Iterable[LookOf]) -> tuple[LookOf, ...]:
    return tuple(sorted(known, key=lambda one: (one.state != "confirmed", one.made_at)))


def _entry(look: LookOf, at: datetime, by: str) -> Entry:
    body = {"camera": look.camera, "look": look.id, "mode": look.mode, "part": look.part, "state": look.state, "by": by}
    return Entry("camera_look", at, body)
