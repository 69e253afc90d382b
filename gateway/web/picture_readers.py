"""Who has looked at the cameras' newest pictures lately, so that a page of 500 of them is one row of the ledger and not
500 a minute. Evidence is none of its business: each look at that is a row.
"""

MOST = 1_000
"""Users who are remembered; beyond, the longest ago is forgotten, and its next look is recorded once more."""


class PictureReaders:
    """By a user's reference, when the look that is on record was. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}

    def is_new(self, reader: str, now: float, for_s: float) -> bool:
        """True if this look is to be recorded; it counts as recorded from now on."""
        before = self._noted.get(reader)
        if before is not None and now - before < for_s:
            return False
        self._noted.pop(reader, None)
        self._noted[reader] = now
        if len(self._noted) > MOST:
            del self._noted[next(iter(self._noted))]
        return True

    def forget(self, reader: str) -> None:
        """It could not be recorded."""
        self._noted.pop(reader, None)
