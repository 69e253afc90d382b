"""cameras.yaml made into cameras: shapes first, then whether the places it names exist and may have a camera.

The file may be missing: then there is no camera. No camera stands in private space. A password lies in a file of its
own that only its owner reads; addresses carry none.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from gateway.camera_schema import CameraPart, CamerasFile, RecorderPart
from gateway.campus_file import CampusParts
from gateway.config_faults import Fault, FaultList, nearest
from gateway.config_schema import VideoPart
from gateway.core.cameras import Area, Camera, Source, SourceKind, VideoRules
from gateway.core.nouns import Label
from gateway.core.recordings import Recorder, RecorderOf
from gateway.yaml_lines import FieldPath, read_file

FILE = "cameras.yaml"
SCHEMES: Mapping[SourceKind, tuple[str, ...]] = {
    SourceKind.RTSP: ("rtsp", "rtsps"),
    SourceKind.MJPEG: ("http", "https"),
    SourceKind.PICTURE: ("http", "https"),
}
"""The protocol of each kind of source; `frame` has no address."""


def video_rules(part: VideoPart) -> VideoRules:
    """The round of checks as wardgate.yaml has it; what is not written there is as usual."""
    usual = VideoRules()
    return VideoRules(
        cadence_s=MappingProxyType({**usual.cadence_s, **_cadence(part.cadence_s)}),
        look_s=part.look_s,
        timeout_s=part.timeout_s,
        workers=part.workers,
        memory_mb=part.memory_mb,
        networks=tuple(part.networks),
        evidence_days=part.evidence_days,
        disk_low_gb=part.disk_low_gb,
        remind_min=_over(usual.remind_min, part.remind_min),
        order_within_h=_over(usual.order_within_h, part.order_within_h),
        rounds_at_min=usual.rounds_at_min if part.rounds_at is None else tuple(sorted(set(part.rounds_at))),
    )


def load_cameras(
    path: Path, video: VideoPart, campus: CampusParts, password_of: Callable[[str], str | None]
) -> tuple[Mapping[str, Camera], Mapping[str, Recorder], list[Fault]]:
    """The cameras and recorders by id, or every fault of the file. `password_of` reads a password's file, and says why
    it cannot."""
    if not path.exists():
        return {}, {}, []
    document = read_file(path)
    faults = FaultList(path.name, document)
    data = document.data
    if data is None:
        return {}, {}, faults.faults
    try:
        parts = CamerasFile.model_validate(data)
    except ValidationError as error:
        faults.add_all(error, CamerasFile)
        return {}, {}, faults.faults
    known = [*campus.campus.zones, *campus.campus.portals]
    for index, part in enumerate(parts.cameras):
        _check(part, ("cameras", index), parts.cameras[:index], known, video, campus, faults)
    _check_recorders(parts, video, faults)
    if faults.faults:
        return {}, {}, faults.faults
    return (
        MappingProxyType({part.id: _camera(part, video, password_of) for part in parts.cameras}),
        MappingProxyType({part.id: _recorder(part, password_of) for part in parts.recorders}),
        [],
    )


def _check(
    part: CameraPart,
    at: FieldPath,
    before: Sequence[CameraPart],
    known: Sequence[str],
    video: VideoPart,
    campus: CampusParts,
    faults: FaultList,
) -> None:
    if any(other.id == part.id for other in before):
        faults.add((*at, "id"), f"{part.id!r} is there twice")
    if part.device is not None and any(other.device == part.device for other in before):
        faults.add((*at, "device"), f"{part.device!r} is another camera's device already")
    if part.zone not in campus.campus.zones:
        faults.add((*at, "zone"), f"there is no zone {part.zone!r} in campus.yaml")
    elif not set(campus.campus.around(part.zone)).isdisjoint(campus.private_zones):
        faults.add((*at, "zone"), f"zone {part.zone!r} is private space, and no camera stands there")
    for number, place in enumerate(part.sees):
        if place not in known:
            faults.add((*at, "sees", number), f"there is no portal or zone {place!r} in campus.yaml")
        elif place in campus.campus.zones and not set(campus.campus.around(place)).isdisjoint(campus.private_zones):
            faults.add((*at, "sees", number), f"zone {place!r} is private space, and no camera looks there")
    _check_source(part, at, video, faults)
    for number, area in enumerate(part.blur):
        if area[0] + area[2] > 1 or area[1] + area[3] > 1 or not area[2] or not area[3]:
            faults.add((*at, "blur", number), "expected x, y, width and height within the picture, each from 0 to 1")


def _check_source(part: CameraPart, at: FieldPath, video: VideoPart, faults: FaultList) -> None:
    source = part.source
    if source.kind is SourceKind.FRAME:
        if source.url is not None:
            faults.add((*at, "source", "url"), "a camera that sends its frames over MQTT is asked by its device")
        if part.device is None:
            faults.add((*at, "device"), "is missing: which enrolled device sends this camera's frames?")
        return
    if source.url is None:
        faults.add((*at, "source", "url"), "is missing")
        return
    if urlsplit(source.url).scheme not in SCHEMES[source.kind]:
        expected = " or ".join(f"{scheme}://" for scheme in SCHEMES[source.kind])
        faults.add((*at, "source", "url"), f"expected {expected} for a source of kind {source.kind.value}")
    _check_network(source.url, (*at, "source", "url"), video, faults)


def _check_network(url: str, at: FieldPath, video: VideoPart, faults: FaultList) -> None:
    if not video.networks:
        faults.add(at, "no camera network is configured (video.networks in wardgate.yaml): no address may be opened")
        return
    try:
        numeric = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return  # a name; its address is looked at each time it is opened
    if not any(numeric in ipaddress.ip_network(network) for network in video.networks):
        faults.add(at, f"{numeric} is in none of the camera networks (video.networks in wardgate.yaml)")


def _check_recorders(parts: CamerasFile, video: VideoPart, faults: FaultList) -> None:
    """Each recorder allowed, each camera's recording told from the others'. One that no camera names is none yet."""
    known = [part.id for part in parts.recorders]
    named = [part.recorder for part in parts.cameras if part.recorder is not None]
    for index, part in enumerate(parts.recorders):
        at: FieldPath = ("recorders", index)
        if part.id in known[:index]:
            faults.add((*at, "id"), f"{part.id!r} is there twice")
        _check_network(part.url, (*at, "url"), video, faults)
        if (part.user is None) != (part.password_file is None):
            lacking = "password_file" if part.password_file is None else "user"
            faults.add((*at, lacking), "is missing: user and password_file go together")
        if ":" in (part.user or ""):
            faults.add((*at, "user"), "a user with a colon cannot be signed for: make the recorder one without")
    seen: set[tuple[str, str | None]] = set()
    for index, camera in enumerate(parts.cameras):
        if (one := camera.recorder) is None:
            continue
        at = ("cameras", index, "recorder")
        shows = f"leave `recorder` out for now, then `wardgate video recorder {one.id}` shows the tokens"
        if one.id not in known:
            faults.add((*at, "id"), f"there is no recorder {one.id!r} in recorders{nearest(one.id, known)}")
        elif one.token is None and sum(other.id == one.id for other in named) > 1:
            faults.add((*at, "token"), f"is missing: {one.id!r} records several cameras; {shows}")
        elif (one.id, one.token) in seen:
            faults.add((*at, "token"), f"is another camera's recording already; {shows}")
        seen.add((one.id, one.token))


def _camera(part: CameraPart, video: VideoPart, password_of: Callable[[str], str | None]) -> Camera:
    source = part.source
    secret = None if source.password_file is None else password_of(source.password_file)
    return Camera(
        id=part.id,
        name=Label(part.name.en, part.name.zh),
        zone=part.zone,
        source=Source(source.kind, source.url or "", source.user or "", secret or ""),
        sees=frozenset(part.sees),
        device=part.device,
        recorder=None
        if part.recorder is None
        else RecorderOf(part.recorder.id, part.recorder.token, part.recorder.quiet_min * 60),
        is_key_site=part.key_site,
        keep_days=part.keep_days or (video.keep_days_key if part.key_site else video.keep_days),
        size=None if part.size is None else (part.size[0], part.size[1]),
        fps=part.fps,
        blurred=tuple(Area(*area) for area in part.blur),
        cadence_s=MappingProxyType(_cadence(part.cadence_s)),
    )


def _recorder(part: RecorderPart, password_of: Callable[[str], str | None]) -> Recorder:
    secret = None if part.password_file is None else password_of(part.password_file)
    return Recorder(part.id, part.url, part.user or "", secret or "", part.every_s)


def _cadence(written: Mapping[Any, float] | None) -> dict[int, float]:
    return {int(level): seconds for level, seconds in (written or {}).items()}


def _over(usual: Mapping[str, int], written: Mapping[Any, int] | None) -> Mapping[str, int]:
    return MappingProxyType({**usual, **(written or {})})
