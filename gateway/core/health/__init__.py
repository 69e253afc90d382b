"""The health of one camera: measures of its pictures over time in, findings that hold out.

Promises: pure and deterministic; the same class serves a camera that is looked at five times a second and one that is
looked at once a minute. Leaves to others: measuring (`gateway.video.checks`), records, alarms, and when to look.
"""

from gateway.core.health.health import Change, Health, HealthSettings, Raised
from gateway.core.health.measures import Measures, Timing

__all__ = ["Change", "Health", "HealthSettings", "Measures", "Raised", "Timing"]
