"""The shape of cameras.yaml: which fields there are, what each may hold, and what it is when not written.

Only shapes: what a camera needs besides, and whether what it names exists, is checked in `cameras_file`.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.config_values import LabelPart, Name, Part, PathText, listed
from gateway.core.cameras import SourceKind


def _camera_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https", "rtsp", "rtsps") and bool(parts.hostname)
        good = good and (parts.port is None or parts.port > 0) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        # The text itself is not repeated: it may hold a password.
        raise ValueError("expected rtsp://, http:// or https:// and a host, without user and password")
    return text


Share = Annotated[float, Field(ge=0, le=1)]


class CameraSourcePart(Part):
    kind: Annotated[SourceKind, listed(SourceKind)]
    url: Annotated[str, AfterValidator(_camera_url)] | None = None
    user: Annotated[str, Field(max_length=100)] | None = None
    password_file: PathText | None = None


def _recorder_url(text: str) -> str:
    try:
        parts = urlsplit(_camera_url(text))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https"):
        raise ValueError("expected http:// or https:// and a host, without user and password")
    return text


class RecorderPart(Part):
    """A recorder, or a camera that records by itself, that is asked by ONVIF."""

    id: Name
    url: Annotated[str, AfterValidator(_recorder_url)]
    user: Annotated[str, Field(max_length=100)] | None = None
    password_file: PathText | None = None
    every_s: Annotated[float, Field(ge=60, le=3_600)] = 300.0


Token = Annotated[str, Field(min_length=1, max_length=128)]


class CameraRecorderPart(Part):
    """Which recording of which recorder is the camera's."""

    id: Name
    token: Token | None = None
    quiet_min: Annotated[float, Field(ge=5, le=10_080)] = 15.0


class CameraPart(Part):
    id: Name
    name: LabelPart
    zone: Name
    sees: list[Name] = Field(default_factory=list)
    source: CameraSourcePart
    device: Name | None = None
    recorder: CameraRecorderPart | None = None
    key_site: bool = False
    keep_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    size: Annotated[list[Annotated[int, Field(ge=16, le=16_384)]], Field(min_length=2, max_length=2)] | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    blur: list[Annotated[list[Share], Field(min_length=4, max_length=4)]] = Field(default_factory=list, max_length=20)
    cadence_s: dict[Literal["1", "2", "3"], Annotated[float, Field(ge=1, le=86_400)]] | None = None


class CamerasFile(Part):
    """cameras.yaml"""

    recorders: Annotated[list[RecorderPart], Field(max_length=1_000)] = Field(default_factory=list)
    cameras: Annotated[list[CameraPart], Field(max_length=10_000)] = Field(default_factory=list)
