"""What is asked of the eye for one look at one camera.

Promises: a job carries the camera's references in use, from memory after the first time; a camera that speaks MQTT is
asked for its frame first, and one that sends none is answered for as the eye would answer. Leaves to others: when to
look (`watcher`), and the looking (`eye`).
"""

from collections.abc import Iterable

from gateway.core.cameras import SourceKind
from gateway.flows import camera_looks, snapshots
from gateway.flows.cameras import CameraState, LookOf
from gateway.flows.site import Site
from gateway.video.jobs import Failure, Job, Outcome, Reason, Ref

PICTURES = 4
"""Pictures of one look that are measured: what moves and what freezes shows between them."""
AGAIN_PICTURES = 12
"""Of a second look at a stream, where something is suspected: what flickers or shakes shows at four a second."""
LONG_S, LONG_EVERY = 8.0, 10
"""Every tenth look at a stream is so long."""
KEPT_OPEN_S = 15.0
"""A stream that is looked at so often stays open in between, and its arrivals are counted."""
LEARN_S = 8.0
LEARN_PICTURES = 16
DEADLINE_S = 20.0
LEAST_DEADLINE_S = 4.0
IN_MEMORY = 40_000_000
"""Bytes of references in memory, 12 to 23 KB each: of 500 cameras, what they are held against at one hour."""

_AWAY = {"broker_away": Reason.EYE_AWAY}
_SILENT = {"silent": Reason.SILENT, "refused": Reason.REFUSED, "device_away": Reason.UNREACHABLE}


class Asking:
    """Makes jobs; one for a watcher."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bodies: dict[str, bytes] = {}
        self._size = 0
        self._counts: dict[str, int] = {}

    def knows(self, look: LookOf, body: bytes) -> None:
        """A reference was just learnt."""
        self._keep(look.id, body)

    async def job(
        self,
        state: CameraState,
        cadence_s: float,
        *,
        learn: bool = False,
        beside: LookOf | None = None,
        hurry: bool = False,
    ) -> Job | Outcome:
        """The job, or what came of it already: no frame. Raises `LedgerUnavailable`.

        `learn`: a longer look, of which a reference is made; held against `beside`, if there is one, and else against
        nothing. `hurry`: a single look again, soon after the last.
        """
        rules, camera = self._site.cameras.rules, state.camera
        is_stream = camera.source.kind in (SourceKind.RTSP, SourceKind.MJPEG)
        # Where checks follow each other closely, learning must not make the next ones late.
        learn_s = max(2.0, min(LEARN_S, 0.6 * cadence_s))
        look_s = learn_s if learn else self._look_s(camera.id, cadence_s, hurry) if is_stream else 1.0
        deadline_s = max(LEAST_DEADLINE_S, min(DEADLINE_S, cadence_s - 1.0))
        if learn:
            deadline_s = DEADLINE_S + LEARN_S
        jpeg, told_s = None, None
        if camera.source.kind is SourceKind.FRAME:
            began_s = self._site.clock.now().timestamp()
            try:
                picture = await snapshots.ask(self._site, camera.device or "", min(rules.timeout_s, deadline_s))
            except snapshots.NoSnapshot as why:
                reason = _AWAY.get(why.code) or _SILENT.get(why.code, Reason.UNREACHABLE)
                took_s = self._site.clock.now().timestamp() - began_s
                return Outcome(
                    camera=camera.id, started_s=began_s, took_s=took_s, failure=Failure(reason, str(why)[:200])
                )
            jpeg, told_s = picture.jpeg, picture.at.timestamp()
        if is_stream:
            pictures = AGAIN_PICTURES if hurry else PICTURES
        else:
            pictures = 1
        if learn:
            # A camera that is asked quicker than it takes pictures would look as if it always stood still.
            pictures = LEARN_PICTURES if is_stream else max(2, round(learn_s))
        return Job(
            camera=camera.id,
            source=camera.source,
            look_s=look_s,
            pictures=pictures,
            timeout_s=min(rules.timeout_s, deadline_s),
            deadline_s=deadline_s,
            jpeg=jpeg,
            jpeg_told_s=told_s,
            references=await self._references(_against(self._site, state, learn, beside)),
            blurred=camera.blurred,
            want_picture=True,
            learn=learn,
            fresh=state.is_fresh,
            keep_open=is_stream and cadence_s <= KEPT_OPEN_S,
        )

    def _look_s(self, camera: str, cadence_s: float, hurry: bool) -> float:
        """Now and then a stream is looked at for longer, so that too few pictures a second can be told."""
        usual_s = self._site.cameras.rules.look_s
        if hurry or cadence_s < 2 * LONG_S:
            return usual_s
        count = self._counts[camera] = (self._counts.get(camera, -1) + 1) % LONG_EVERY
        return usual_s if count else max(usual_s, LONG_S)

    async def _references(self, looks: Iterable[LookOf]) -> tuple[Ref, ...]:
        found = []
        for look in looks:
            body = self._bodies.pop(look.id, None)
            if body is not None:
                self._bodies[look.id] = body  # those that were not asked for go first
            else:
                body = await self._site.archive.cameras.look_body(look.id)
                if body is None:
                    continue
                self._keep(look.id, body)
            found.append(Ref(look.id, body))
        return tuple(found)

    def _keep(self, look: str, body: bytes) -> None:
        while self._bodies and self._size + len(body) > IN_MEMORY:
            oldest = next(iter(self._bodies))
            self._size -= len(self._bodies.pop(oldest))
        self._bodies[look] = body
        self._size += len(body)


def _against(site: Site, state: CameraState, learn: bool, beside: LookOf | None) -> tuple[LookOf, ...]:
    if learn:
        return () if beside is None else (beside,)
    return camera_looks.compared(site, state)
