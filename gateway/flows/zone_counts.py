"""How many are in each zone or deeper: those whom readers have seen, and those of groups whom nobody has seen singly.

Promises: read like a mapping from zones to numbers, true at the moment of reading; of a group each one inside counts,
its leader once, whether a reader has seen them or not. As quick as a look-up where no group is inside. Leaves to
others: moving people (`occupancy`), counting groups (`delegations`, `group_passes`).
"""

from collections.abc import Iterator, Mapping

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Campus, Directory, Presence


class ZoneCounts(Mapping[str, int]):
    """Made anew with each directory; presence and the counts of single people are read through."""

    def __init__(
        self, campus: Campus, directory: Directory, seen: Mapping[str, int], presence: Mapping[str, Presence]
    ) -> None:
        self._chains = campus.chains
        self._seen = seen
        self._presence = presence
        self._groups = tuple(
            (visit.holder, visit.inside, frozenset(campus.around(portal.zone)))
            for some in directory.papers.visits.values()
            for visit in some
            if visit.inside > 0 and (portal := campus.portals.get(visit.portal or "")) is not None
        )

    def __getitem__(self, zone: str) -> int:
        found = self._seen.get(zone, 0)
        for leader, inside, zones in self._groups:
            if zone in zones:
                found += inside - self._is_in(leader, zone)
        return found

    def __iter__(self) -> Iterator[str]:
        zones = dict.fromkeys(self._seen)
        for _, _, around in self._groups:
            zones |= dict.fromkeys(around)
        return iter(zones)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_in(self, holder: str, zone: str) -> bool:
        seen = self._presence.get(holder)
        return (
            seen is not None and seen.state is PresenceState.INSIDE and zone in self._chains.get(seen.zone, frozenset())
        )
