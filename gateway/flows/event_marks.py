"""Which of one boot's events the ledger has: all up to a number, and some beyond it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Marks:
    """What the ledger has of one boot's events: all up to `seq`, and some beyond.

    Gaps are kept as they were told, by their ends: what a device says of its gaps may be any number.
    """

    seq: int
    beyond: set[int]
    saved: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    coming: set[int] = field(default_factory=set)
    """Those that are being written."""

    def has(self, seq: int) -> bool:
        """True if the ledger has this event, or it is known to be gone."""
        return seq <= self.seq or seq in self.beyond

    def add(self, first: int, last: int) -> bool:
        """Events `first` to `last` are committed or known to be gone; True if `seq` grew."""
        if last <= self.seq:
            return False
        if first > self.seq + 1:
            if first == last:
                self.beyond.add(first)
            else:
                self.gaps.append((first, last))
            return False
        self.seq = last
        self._go_on()
        return True

    def _go_on(self) -> None:
        """Over what is known beyond, as far as it reaches."""
        while True:
            while self.seq + 1 in self.beyond:
                self.seq += 1
                self.beyond.discard(self.seq)
            reached = [gap for gap in self.gaps if gap[0] <= self.seq + 1]
            if not reached:
                break
            self.seq = max(self.seq, *(last for _, last in reached))
            self.gaps = [gap for gap in self.gaps if gap not in reached]
        if self.beyond:
            self.beyond = {seq for seq in self.beyond if seq > self.seq}
