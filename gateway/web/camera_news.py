"""What is new at the cameras, for the streams that show them: worked out once for all screens, only differences told.

Promises: however many screens look and however many cameras there are, the cameras are gone through at most once in
`EVERY_S`; a screen is told each camera that has changed since what it was told last, and no picture, but the number of
the newest one. Leaves to others: sending (`live`), what a camera's state is (`camera_views`).
"""

from typing import Any, NamedTuple

from gateway.flows.site import Site
from gateway.web import camera_shapes as shapes
from gateway.web.camera_views import all_cameras, as_camera, levels_of

EVERY_S = 1.0
ABOUT_CAMERAS = frozenset({"camera", "camera_finding", "camera_look", "camera_round"})
PAPERS = frozenset({"work_order", "maintenance"})


class CameraNews:
    """The cameras as they were told last, and since which look each has been as it is."""

    def __init__(self) -> None:
        self._looked_at = -1e9
        self._look = 0
        self._told: dict[str, shapes.CameraInfo] = {}
        self._since: dict[str, int] = {}

    def look(self, site: Site, camera: str | None = None) -> int:
        """Go through the cameras, if the last time is long enough ago; through this one in any case. The number of the
        newest look."""
        at, state = site.clock.monotonic(), None if camera is None else site.cameras.get(camera)
        if at - self._looked_at >= EVERY_S:
            self._looked_at = at
            self._take(all_cameras(site).cameras)
        elif state is not None:
            now = site.clock.now()
            self._take([as_camera(site, state, now, levels_of(site, now, (state,)))])
        return self._look

    def since(self, look: int) -> list[shapes.CameraInfo]:
        """Those that have changed after that look."""
        return [one for id, one in self._told.items() if self._since[id] > look]

    def _take(self, cameras: list[shapes.CameraInfo]) -> None:
        self._look += 1
        for one in cameras:
            if self._told.get(one.id) != one:
                self._told[one.id] = one
                self._since[one.id] = self._look


class About(NamedTuple):
    """What of the cameras' page an event is about, in one word, and which camera."""

    what: str
    camera: str | None = None


def concerns(event: dict[str, Any]) -> About | None:
    """None: nothing that the cameras' page shows."""
    if event["type"] in ABOUT_CAMERAS:
        return About(event["type"], event.get("camera"))
    if event["type"] == "permit" and event.get("paper") in PAPERS:
        return About(event["paper"])
    if event["type"] == "alarm" and str(event.get("condition", "")).startswith("camera_"):
        return About("camera", event.get("place"))
    return None
