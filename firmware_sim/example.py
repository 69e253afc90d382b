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
    ("cam-dorm-yard", "campus"),
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


def with_secrets(entry: dict[str, Any], site: str = "main") -> dict[str, Any]:
    """The entry as if it had been enrolled: for a simulator that runs without a gateway."""
    return {
        **entry,
        "site": site,
        "key": new_key().hex(),
        "username": entry["device"],
        "password": secrets.token_urlsafe(16),
    }
