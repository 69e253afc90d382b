"""The devices of the example campus: what stands where, without secrets.

Whoever enrols them (`wardgate demo`, a test) adds what enrolment prints — site, key, username, password — to each
entry and has a fleet file.
"""

from __future__ import annotations

import secrets
from typing import Any

from devices.signing import new_key

_CAMERAS = (
    ("cam-north-gate", "site"), ("cam-north-lane", "site"), ("cam-south-gate", "site"), ("cam-south-road", "site"),
    ("cam-square", "campus"), ("cam-canteen", "campus"), ("cam-sports-field", "campus"), ("cam-parking", "campus"),
    ("cam-teaching-1", "teaching"), ("cam-teaching-2", "teaching"), ("cam-library", "teaching"),
    ("cam-dorm-yard", "campus"), ("cam-dorm-1-door", "campus"), ("cam-dorm-2-door", "campus"),
    ("cam-control-corridor", "campus"),
)  # fmt: skip


def devices() -> list[dict[str, Any]]:
    """The entries of the example campus: device, kind, and where it stands."""
    readers = [
        {"device": f"{portal}-1", "kind": "reader", "portal": portal, "direction": portal.rpartition("-")[2]}
        for portal in ("north-in", "north-out", "south-in", "south-out")
    ]
    lane = [
        {
            "device": f"north-vehicle-{direction}",
            "kind": "camera",
            "portal": "north-vehicle",
            "direction": direction,
            "bollard": "north-bollard",
        }
        for direction in ("in", "out")
    ]
    dormitories = [
        {"device": f"{zone}-door-1", "kind": "dorm", "portal": f"{zone}-door", "fire_zones": [zone]}
        for zone in ("dorm-1", "dorm-2", "dorm-3")
    ]
    cameras = [{"device": name, "kind": "camera", "zone": zone, "records": True} for name, zone in _CAMERAS]
    return [
        *readers,
        {"device": "control-room-door-1", "kind": "reader", "portal": "control-room-door"},
        *lane,
        {"device": "north-bollard", "kind": "bollard", "portal": "north-vehicle"},
        *dormitories,
        *cameras,
        {
            "device": "fire-panel",
            "kind": "panel",
            "zone": "campus",
            "zones": ["dorm-1", "dorm-2", "dorm-3", "teaching"],
        },
        {"device": "panic-panel", "kind": "panel", "zone": "campus", "locations": ["north-gate", "south-gate"]},
    ]


_WATCHED: tuple[tuple[str, str, str, str, str, str, tuple[str, ...]], ...] = (
    ("cam-north-gate", "North gate", "北门", "site", "school_gate", "picture", ("north-in", "north-out")),
    ("cam-north-lane", "North gate vehicle lane", "北门车道", "site", "school_gate", "picture", ("north-vehicle",)),
    ("cam-south-gate", "South gate", "南门", "site", "school_gate", "mjpeg", ("south-in", "south-out")),
    ("cam-dorm-1-door", "Dormitory 1 door", "1号宿舍楼门", "campus", "dormitory", "picture", ("dorm-1-door",)),
    ("cam-dorm-2-door", "Dormitory 2 door", "2号宿舍楼门", "campus", "dormitory", "picture", ("dorm-2-door",)),
    ("cam-dorm-yard", "Dormitory yard", "宿舍区院子", "campus", "yard", "picture", ("dorm-3-door",)),
    ("cam-control-corridor", "Corridor", "监控室走廊", "campus", "corridor", "picture", ("control-room-door",)),
    ("cam-parking", "Car park", "停车场", "campus", "car_park", "frame", ()),
)  # fmt: skip
"""id, name in both languages, zone, what is drawn, how it is asked, and whose alarms want its pictures. None stands in
private space: a dormitory is watched from outside its door."""
_KEY_SITES = ("cam-north-gate", "cam-south-gate")
FPS, SIZE = 8.0, (640, 360)


def cameras() -> list[dict[str, Any]]:
    """The cameras of the example campus as the simulator draws them: the fleet file's `cameras`."""
    return [
        {"id": id_, "device": id_, "place": place, "seed": number, "size": list(SIZE), "fps": FPS}
        for number, (id_, _, _, _, place, _, _) in enumerate(_WATCHED, 1)
    ]


def cameras_file(base: str) -> dict[str, Any]:
    """The same as a gateway's cameras.yaml names them; `base` is where the simulator serves them, http://127.0.0.1:…"""
    return {
        "cameras": [
            {
                "id": id_,
                "name": {"en": en, "zh": zh},
                "zone": zone,
                "sees": list(sees),
                "source": _source(base, id_, how),
                "device": id_,
                "size": list(SIZE),
                **({"fps": FPS} if how == "mjpeg" else {}),
                "key_site": id_ in _KEY_SITES,
            }
            for id_, en, zh, zone, _, how, sees in _WATCHED
        ]
    }


def _source(base: str, camera: str, how: str) -> dict[str, str]:
    if how == "frame":
        return {"kind": how}
    return {"kind": how, "url": f"{base}/cameras/{camera}/{'stream.mjpg' if how == 'mjpeg' else 'picture.jpg'}"}


def with_secrets(entry: dict[str, Any], site: str = "main") -> dict[str, Any]:
    """The entry as if it had been enrolled: for a simulator that runs without a gateway."""
    return {
        **entry,
        "site": site,
        "key": new_key().hex(),
        "username": entry["device"],
        "password": secrets.token_urlsafe(16),
    }
