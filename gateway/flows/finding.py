"""Finding people by name, id, pinyin or its first letters, in a moment, among a hundred thousand.

The index is buckets of bytes, one for each kind of people and the first letters of a key; in a bucket the keys of all
who begin so stand one after the other, each with the number of its person. Looking somebody up is a search for bytes in
a few buckets: no sorting, no object for each name, some ten megabytes for a hundred thousand people.

Promises: the event loop never waits for the index: it is built in a thread, in short turns, and small changes are put
into it as they come. Until it is there, people are found by the plain text of name and id. Whoever is gone or has
another name is not found by the old one. Leaves to others: who may look, and the record of it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from typing import Any

import structlog

from gateway.core.kinds import HolderKind, Profile
from gateway.core.names import Keys, Sounds, keys_of, words_of
from gateway.core.nouns import Campus, Directory, Holder
from gateway.flows.pinyin import Sounding

log = structlog.get_logger(__name__)

MOST_WORDS = 6
WORD_AT_MOST = 40
CANDIDATES = 100
"""How many who answer to the rarest word are looked at for the others."""
SMALL = 100
"""So many changes are put into the index at once, within the loop's turn; more are a thread's work."""
TURN = 100
TURN_PAUSE_S = 0.002
"""After so many people a build pauses: a tap never waits long for the interpreter."""
HOSTS = {
    Profile.SCHOOL: frozenset({HolderKind.STAFF}),
    Profile.UNIVERSITY: frozenset({HolderKind.STAFF, HolderKind.STUDENT}),
}
"""Who may be a visitor's host."""
FOR_GUARDIANS = frozenset({HolderKind.STAFF})
"""Who confirms a guardian: the class teacher, and no pupil or student."""

_Buckets = dict[tuple[int, HolderKind, str], bytearray]


def may_host(campus: Campus, host: Holder, kind: HolderKind) -> bool:
    """True if this person's word is a host's for a visitor of this kind: at registration, and again at the answer."""
    kinds = FOR_GUARDIANS if kind is HolderKind.GUARDIAN else HOSTS[campus.profile]
    return host.kind in kinds and not host.suspended


class PeopleIndex:
    """One index over everybody. `put` and `drop` keep it up to date; searching asks it by words."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._buckets: _Buckets = {}
        self._people: list[Holder | None] = []
        self._numbers: dict[str, int] = {}
        self.void = 0
        """Entries that nobody answers to any more."""

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, holder: Holder) -> None:
        """Have `holder` found from now on, and not by what they were called before."""
        number = self._numbers.get(holder.ref)
        if number is not None:
            before = self._people[number]
            if before is not None and (before.name, before.id, before.kind) == (holder.name, holder.id, holder.kind):
                self._people[number] = holder
                return
            self.drop(holder.ref)
        number = self._numbers[holder.ref] = len(self._people)
        self._people.append(holder)
        mark = b"\t%d\n" % number
        for rank, keys in enumerate(keys_of(holder.name, holder.id, self._sounds)):
            for key in keys:
                at = (rank, holder.kind, key[:2] if key.isascii() else key[0])
                bucket = self._buckets.get(at)
                if bucket is None:
                    bucket = self._buckets[at] = bytearray(b"\n")
                bucket += key.encode() + mark

    def drop(self, ref: str) -> None:
        """Nobody is found by this reference any more; the bytes go with the next whole build."""
        number = self._numbers.pop(ref, None)
        if number is not None:
            self._people[number] = None
            self.void += 1

    def take_over(self, directory: Directory, changed: Collection[str]) -> None:
        """Bring these people up to date with `directory`."""
        for ref in changed:
            holder = directory.holders.get(ref)
            if holder is None:
                self.drop(ref)
            else:
                self.put(holder)

    def find(self, text: str, kinds: Iterable[HolderKind], limit: int) -> list[Holder]:
        """Who answers to `text`, the best answers first, `limit` at most."""
        words = [word[:WORD_AT_MOST] for word in words_of(text)[:MOST_WORDS]]
        if not words:
            return []
        among = tuple(kinds)
        found = list(self._answering("".join(words), among, limit))
        if len(words) > 1 and len(found) < limit:
            first = max(words, key=len)
            rest = [word for word in words if word is not first]
            seen = {holder.ref for holder in found}
            for holder in self._answering(first, among, CANDIDATES):
                if holder.ref not in seen and self._answers_to_all(holder, rest):
                    found.append(holder)
                    if len(found) == limit:
                        break
        return found

    def _answers_to_all(self, holder: Holder, words: Sequence[str]) -> bool:
        keys = keys_of(holder.name, holder.id, self._sounds)
        return all(keys.answer_to(word) for word in words)

    def _answering(self, word: str, kinds: Sequence[HolderKind], limit: int) -> list[Holder]:
        """Who is called exactly this, then whose name begins so, then in whose name a part does."""
        found: dict[str, Holder] = {}
        key = word.encode()
        exact, begins = b"\n" + key + b"\t", b"\n" + key
        whole, initials, inner = range(len(Keys._fields))
        ways = [(whole, exact), (initials, exact), (whole, begins), (initials, begins), (inner, exact), (inner, begins)]
        if len(word) == 1 and word.isascii():
            ways = [way for way in ways if way[1] is begins]
        for rank, needle in ways:
            for kind in kinds:
                for bucket in self._buckets_of(rank, kind, word):
                    for holder in self._in_bucket(bucket, needle):
                        found.setdefault(holder.ref, holder)
                        if len(found) == limit:
                            return list(found.values())
        return list(found.values())

    def _buckets_of(self, rank: int, kind: HolderKind, word: str) -> Iterator[bytearray]:
        if not word.isascii():
            names: Iterable[str] = (word[0],)
        elif len(word) > 1:
            names = (word[:2],)
        else:
            names = (word, *(word + second for second in "abcdefghijklmnopqrstuvwxyz0123456789"))
        for name in names:
            bucket = self._buckets.get((rank, kind, name))
            if bucket is not None:
                yield bucket

    def _in_bucket(self, bucket: bytearray, needle: bytes) -> Iterator[Holder]:
        at = bucket.find(needle)
        while at >= 0:
            tab = bucket.find(b"\t", at)
            end = bucket.find(b"\n", tab)
            holder = self._people[int(bucket[tab + 1 : end])]
            if holder is not None:
                yield holder
            at = bucket.find(needle, end)


class Finder:
    """Finds people in the directory of the moment. `follow` tells it of each new directory, `begin` starts it."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]) -> None:
        self._spawn = spawn
        self._index: PeopleIndex | None = None
        self._sounding = Sounding()
        self._seen: Directory | None = None
        self._missed: set[str] = set()
        """Who changed while an index was being built."""
        self._build: asyncio.Task[None] | None = None
        self._again = False
        self._closed = threading.Event()

    @property
    def is_ready(self) -> bool:
        return self._index is not None and self._build is None

    def begin(self, directory: Directory) -> None:
        """Build the index anew, in a thread; what there is goes on answering until it is there."""
        self._seen = self._seen or directory
        if self._build is None and not self._closed.is_set():
            self._missed.clear()
            self._again = False
            self._build = self._spawn(self._renew(directory))

    def follow(self, directory: Directory) -> None:
        """A newer directory is in use: take over what changed. Costs the loop some milliseconds at most."""
        before = self._seen
        if before is None or directory is before:
            return
        self._seen = directory
        if directory.holders is before.holders:
            return
        is_known = 0 <= directory.since <= before.version
        changed = directory.changed if is_known else frozenset[str]()
        if self._build is not None:
            self._missed |= changed
            self._again = self._again or not is_known
        if self._index is not None and is_known and len(changed) <= SMALL:
            self._index.take_over(directory, changed)
            if self._index.void > SMALL + len(self._index) // 5:
                self.begin(directory)
        elif self._build is None:
            self.begin(directory)

    async def ready(self, directory: Directory) -> None:
        """Wait until the index is there; builds it if nobody has."""
        if self._index is None:
            self.begin(directory)
        while self._build is not None:
            await asyncio.wait([self._build])

    def answers_to(self, name: str) -> str:
        """All that a name answers to, for a page that looks through a list of its own; nothing before `prepare`."""
        if not self._sounding.is_loaded:
            return ""
        keys = keys_of(name, "", self._sounding)
        return " ".join(dict.fromkeys((*keys.whole, *keys.initials, *keys.inner)))

    def prepare(self) -> None:
        """Read what a build needs. For a thread, before anybody taps: it holds the interpreter for some moments."""
        self._sounding.load()

    def close(self) -> None:
        """Build nothing more."""
        self._closed.set()

    async def search(self, directory: Directory, text: str, kinds: Iterable[HolderKind], limit: int) -> list[Holder]:
        """Who of the directory answers to `text`."""
        among = tuple(kinds)
        self.follow(directory)
        if self._index is None and len(directory.holders) <= TURN:
            await self.ready(directory)
        if self._index is None:
            self.begin(directory)
            return await asyncio.to_thread(_by_plain_text, directory, text, among, limit)
        found = self._index.find(text, among, limit)
        # While a new index is being built the old one answers: what the directory says of somebody counts.
        return [
            now
            for holder in found
            if (now := directory.holders.get(holder.ref)) is not None and now.name == holder.name and now.kind in among
        ]

    async def _renew(self, directory: Directory) -> None:
        try:
            index = await asyncio.to_thread(build, directory.holders.values(), self._sounding, self._closed)
            while len(self._missed) > SMALL:
                some, self._missed = self._missed, set()
                await asyncio.to_thread(index.take_over, self._seen or directory, some)
            index.take_over(self._seen or directory, self._missed)
            self._index = index
        except Exception as error:  # names stand in what it may say of itself: only its kind is logged
            log.error("people_index_failed", error=type(error).__name__)
        finally:
            self._build = None
        if self._again and self._seen is not None:
            self.begin(self._seen)


def build(holders: Iterable[Holder], sounding: Sounding, stop: threading.Event) -> PeopleIndex:
    """An index over `holders`, made in short turns. For a thread; ends early, with less, once `stop` is set."""
    sounding.load()
    index = PeopleIndex(sounding)
    for count, holder in enumerate(list(holders), 1):
        index.put(holder)
        if count % TURN == 0:
            time.sleep(TURN_PAUSE_S)
            if stop.is_set():
                break
    return index


def _by_plain_text(directory: Directory, text: str, kinds: Sequence[HolderKind], limit: int) -> list[Holder]:
    """Who has this in the name or at the beginning of the id. Slow; for the seconds before the index is there."""
    wanted = " ".join(text.casefold().split())
    found: list[Holder] = []
    if not wanted:
        return found
    for count, holder in enumerate(directory.holders.values(), 1):
        if holder.kind in kinds and (wanted in holder.name.casefold() or holder.id.casefold().startswith(wanted)):
            found.append(holder)
            if len(found) == limit:
                break
        if count % (TURN * 10) == 0:
            time.sleep(TURN_PAUSE_S / 4)
    return found
