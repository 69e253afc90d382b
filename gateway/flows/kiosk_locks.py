"""When the records at a shared kiosk are locked: a minute after the last touch, and after every restart.

Promises: pure but for what it remembers; time is an argument. A session that it has never heard of is locked, so a
restarted gateway begins with every kiosk locked; touching never unlocks, only card and PIN do. Leaves to others: which
routes show records (`Route.records`), which sessions are a kiosk's, and proving who unlocks (`card_sign_in`).
"""

from collections import OrderedDict

LOCKS_AFTER_S = 60.0
"""POLICY.md, Roles: the screen locks records after 60 s."""
MOST_KIOSKS = 1_000
"""Beyond that the longest untouched is forgotten, which locks it."""


class KioskLocks:
    """The last touch of each kiosk session, by the session's hash. Open entries only: what is not here is locked."""

    def __init__(self) -> None:
        self._touched: OrderedDict[str, float] = OrderedDict()

    def open(self, session: str, now: float) -> None:
        """Somebody has proved who they are: the records show."""
        self._touched[session] = now
        self._touched.move_to_end(session)
        while len(self._touched) > MOST_KIOSKS:
            self._touched.popitem(last=False)

    def touch(self, session: str, now: float) -> None:
        """Somebody is at the screen; what is locked stays locked."""
        if not self.is_locked(session, now):
            self.open(session, now)

    def lock(self, session: str) -> None:
        """Lock now."""
        self._touched.pop(session, None)

    def is_locked(self, session: str, now: float) -> bool:
        """True if records do not show."""
        return self.left_s(session, now) <= 0

    def left_s(self, session: str, now: float) -> float:
        """Seconds until it locks; 0 if it is locked."""
        touched = self._touched.get(session)
        if touched is None:
            return 0.0
        left = touched + LOCKS_AFTER_S - now
        if left <= 0:
            del self._touched[session]
        return max(0.0, left)
