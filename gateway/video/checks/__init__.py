"""From a picture to measures: small, quick, and without any verdict.

Promises: pure functions, except that a `Session` remembers what it saw; whatever bytes come, `decode` returns a picture
within its limits or raises BadPicture. Leaves to others: what the numbers mean (`gateway.core.health`), fetching
(`gateway.video.capture`). Imports OpenCV and NumPy: only for the eye and for commands, never in the gateway's process.
"""

from gateway.video.checks.decoding import BadPicture, Decoded, decode, thumbnail
from gateway.video.checks.looks import Look, look
from gateway.video.checks.measuring import measure
from gateway.video.checks.references import Reference, best_reference
from gateway.video.checks.session import Session

__all__ = [
    "BadPicture",
    "Decoded",
    "Look",
    "Reference",
    "Session",
    "best_reference",
    "decode",
    "look",
    "measure",
    "thumbnail",
]
