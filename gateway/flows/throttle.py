"""How often somebody may try: a few times freely, then with a wait that doubles.

Promises: pure but for what it remembers; time is an argument; memory is bounded. A try counts from its beginning, so
that a thousand at once are no better than a thousand in a row. Leaves to others: what a key is (`sign_in` uses the user
together with the address, and the address alone).
"""

from collections import OrderedDict
from dataclasses import dataclass

MOST_KEYS = 10_000
"""Beyond that the longest unused is forgotten: somebody who can come from that many addresses is not stopped here."""


@dataclass(slots=True)
class _Tries:
    count: int = 0
    last: float = 0.0


class Throttle:
    """`free` tries, then 1, 2, 4 … seconds up to `longest_s` between them; quiet for `forget_s` starts afresh."""

    def __init__(self, free: int, longest_s: float, forget_s: float) -> None:
        self._free, self._longest_s, self._forget_s = free, longest_s, forget_s
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        """How long until the next try may begin; 0 if now."""
        tries = self._tries.get(key)
        if tries is None or tries.count < self._free or now - tries.last >= self._forget_s:
            return 0.0
        pause = min(self._longest_s, 2.0 ** min(tries.count - self._free, 30))
        return max(0.0, tries.last + pause - now)

    def begin(self, key: str, now: float) -> None:
        """A try begins; it counts as failed until `forgive` takes it back."""
        tries = self._tries.setdefault(key, _Tries())
        if now - tries.last >= self._forget_s:
            tries.count = 0
        tries.count += 1
        tries.last = now
        self._tries.move_to_end(key)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def forgive(self, key: str, tries: int | None = None) -> None:
        """Take back that many tries, or all."""
        found = self._tries.get(key)
        if found is not None:
            found.count = 0 if tries is None else max(0, found.count - tries)
            if found.count == 0:
                del self._tries[key]
