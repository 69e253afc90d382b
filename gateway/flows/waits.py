"""Somebody who waits at a portal for a person's word, and whom nobody answered in time.

Values only. Leaves to others: who may answer and what then happens (`waiting`), a late word (`late`).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from gateway.core.nouns import Request


@dataclass(slots=True)
class Waiting:
    """Somebody waits at a portal for a person's word; `until` is when the gateway answers by itself."""

    device: str
    tap: str
    request: Request
    holder: str | None
    reason: str
    since: datetime
    until: datetime
    nonce: str
    timer: asyncio.TimerHandle | None = None
    answered: bool = False
    credential: str | None = None
    """The reference of what was shown; after a restart the request has no value any more."""
    plate_read: str | None = None
    """The reference of what a camera read."""

    @property
    def id(self) -> str:
        """How screens and the API name it."""
        return f"{self.device}:{self.tap}"


@dataclass(frozen=True, slots=True)
class TooLate:
    """Somebody whom nobody answered in time, and when they were refused for that."""

    waiting: Waiting
    closed_at: datetime
