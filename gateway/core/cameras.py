"""The cameras by design, and the closed lists of what a health check may find or miss.

Leaves to others: measuring (`gateway.video`), judging measures over time (`gateway.core.health`), and when each camera
is due (`gateway.core.check_plan`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.nouns import Label
from gateway.core.recordings import RecorderOf


class Finding(StrEnum):
    """What can be wrong with a camera or its recording. The names are a contract: outputs and records carry them."""

    SIGNAL_LOSS = "signal_loss"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    UNDEREXPOSED = "underexposed"
    BLUR = "blur"
    OCCLUSION = "occlusion"
    MOVED = "moved"
    FREEZE = "freeze"
    NOISE = "noise"
    STRIPES = "stripes"
    COLOR_CAST = "color_cast"
    LOW_CONTRAST = "low_contrast"
    FLICKER = "flicker"
    CORRUPTION = "corruption"
    SHAKE = "shake"
    LOW_FPS = "low_fps"
    GAP = "gap"
    STALE_TIMESTAMP = "stale_timestamp"
    WRONG_RESOLUTION = "wrong_resolution"
    NOT_RECORDING = "not_recording"
    DISK_LOW = "disk_low"
    RETENTION_SHORT = "retention_short"


OF_THE_RECORDING = frozenset({Finding.NOT_RECORDING, Finding.DISK_LOW, Finding.RETENTION_SHORT})
"""Found in what the recorder says, not in pictures; a maintenance window never silences them."""

BLIND = frozenset(
    {Finding.SIGNAL_LOSS, Finding.BLACK, Finding.OCCLUSION, Finding.MOVED, Finding.FREEZE, Finding.NOT_RECORDING}
)
"""With these the camera does not show, or nobody keeps, what it is there for."""


class Miss(StrEnum):
    """Why a planned check was not done."""

    CAMERA = "camera"
    """The camera gave no picture that could be looked at."""
    GATEWAY = "gateway"
    """The gateway did not run, or its own part failed."""
    OVERLOAD = "overload"
    """More was due than could be looked at in time."""
    MAINTENANCE = "maintenance"
    """Somebody had announced work on the camera."""


class SourceKind(StrEnum):
    """How pictures come from a camera."""

    RTSP = "rtsp"
    MJPEG = "mjpeg"
    PICTURE = "picture"
    FRAME = "frame"
    """Over MQTT, in answer to `snapshot`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a camera's pictures come from. For `frame` there is no address: the device is asked."""

    kind: SourceKind
    url: str = ""
    """Without credentials."""
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the picture, each number a share of its width or height from 0 to 1, from the upper left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera by design."""

    id: str
    name: Label
    zone: str
    source: Source
    sees: frozenset[str] = frozenset()
    """Portals and zones whose alarms want this camera's pictures before and after."""
    device: str | None = None
    """The enrolled device of kind `camera` that tells of its recording and sends its frames."""
    recorder: RecorderOf | None = None
    """The recorder that is asked for its recording; then that one's word counts, and the device's only stays on
    record."""
    is_key_site: bool = False
    """A place of which recordings are kept longer."""
    keep_days: int = 30
    """So many days of recording there have to be."""
    size: tuple[int, int] | None = None
    """Width and height in pixels; what the camera showed when it was learnt, if it is not written."""
    fps: float | None = None
    """Pictures a second that a stream has to bring; as learnt, if it is not written."""
    blurred: tuple[Area, ...] = ()
    """Areas made unrecognisable in whatever is kept or shown of a picture."""
    cadence_s: Mapping[int, float] = field(default_factory=dict)
    """By defence level, seconds from check to check; where it is silent, the site's."""


@dataclass(frozen=True, slots=True)
class VideoRules:
    """Numbers of the configuration that the round of checks goes by."""

    cadence_s: Mapping[int, float] = field(default_factory=lambda: {3: 60.0, 2: 30.0, 1: 15.0})
    """By defence level; the default is POLICY's."""
    look_s: float = 3.0
    """How long a stream is looked at in one check."""
    timeout_s: float = 8.0
    """After so long without a picture a check is missed for the camera."""
    workers: int = 1
    memory_mb: int = 512
    """What one process that decodes may take."""
    networks: tuple[str, ...] = ()
    """Where cameras may be, as CIDR; an address outside is never opened."""
    evidence_days: int = 7
    disk_low_gb: float = 20.0
    """Less free space than this at a recorder is a finding."""
    remind_min: Mapping[str, int] = field(default_factory=lambda: {"high": 10, "medium": 30, "low": 120})
    """By priority, minutes until a finding that is not mended is told again."""
    order_within_h: Mapping[str, int] = field(default_factory=lambda: {"high": 4, "medium": 24, "low": 72})
    """By priority, hours in which a work order has to be done."""
    rounds_at_min: tuple[int, ...] = (450, 690, 930, 1170, 1410)
    """When a shift's round of the cameras falls due, minutes since local midnight: five a day, as POLICY's patrols."""
