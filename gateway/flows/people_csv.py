"""The people file: CSV from a school's own system, read strictly and whole.

Promises: either every line is sound by itself and against the campus and the others, or `BadPeople` names every bad
line with its field and what was expected. Values come out canonical. Leaves to others: what the database has already.
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.canonical import canonical
from gateway.core.kinds import HolderKind, ZoneKind
from gateway.core.nouns import Campus
from gateway.flows.contact_words import plain_mail, plain_phone
from gateway.flows.visitor_ids import looks_like_one

HEADER = ("id", "name", "kind", "groups", "card", "plate", "dormitory", "valid_from", "valid_to")
CONTACT_COLUMNS = ("phone", "mail")
"""May follow; a file without them leaves the directory's numbers as they are."""
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PEOPLE = 1_000_000
MAX_NAME = 200
MAX_GROUPS = 50

_GROUP = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_KINDS = {kind.value: kind for kind in HolderKind}


@dataclass(frozen=True, slots=True)
class Person:
    """One line: a person as the file wants them."""

    line: int
    id: str
    name: str = field(repr=False)
    kind: HolderKind
    groups: tuple[str, ...]
    card: str | None = field(repr=False)
    plate: str | None = field(repr=False)
    dormitory: str | None
    not_before: datetime | None
    not_after: datetime | None
    phone: str | None = field(default=None, repr=False)
    """None: the file has no such column."""
    mail: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class BadLine:
    """One thing that is wrong with one line; says nothing of what stood in fields about a person."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}" if self.field else f"line {self.line}: {self.message}"


class BadPeople(Exception):
    """A file that is not taken; `lines` holds everything that is wrong with it."""

    def __init__(self, lines: list[BadLine]) -> None:
        self.lines = tuple(sorted(lines))
        super().__init__("\n".join(str(line) for line in self.lines))


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A sound file."""

    people: tuple[Person, ...]
    sha256: str


def read_people(data: bytes, campus: Campus) -> PeopleFile:
    """The people of a CSV file; raises `BadPeople`."""
    text = _decode(data)
    bad: list[BadLine] = []
    reading = _Reading(campus, bad)
    people = tuple(person for line, cells in _records(text, bad) if (person := reading.person(line, cells)) is not None)
    if bad:
        raise BadPeople(bad)
    return PeopleFile(people, hashlib.sha256(data).hexdigest())


def read_person(cells: Mapping[str, str], campus: Campus) -> Person:
    """One person as a line of a file would have them, by the columns' names; raises `BadPeople`, all of line 1.

    Without `phone` and `mail` what the directory has of them stays.
    """
    bad: list[BadLine] = []
    contact = [cells[name] for name in CONTACT_COLUMNS] if set(CONTACT_COLUMNS) <= set(cells) else []
    person = _Reading(campus, bad).person(1, [*(cells.get(name, "") for name in HEADER), *contact])
    if person is None:
        raise BadPeople(bad)
    return person


def _decode(data: bytes) -> str:
    if len(data) > MAX_FILE_BYTES:
        raise BadPeople([BadLine(1, "", f"the file is larger than {MAX_FILE_BYTES} bytes")])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadPeople([BadLine(1, "", "expected UTF-8, this is UTF-16: save it as “CSV UTF-8”")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    # No byte of a UTF-8 character looks like a line feed, so each line can be tried alone.
    bad = [
        BadLine(number, "", "is not UTF-8: save the file as “CSV UTF-8”")
        for number, line in enumerate(data.split(b"\n"), 1)
        if not _is_utf8(line)
    ]
    raise BadPeople(bad)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _records(text: str, bad: list[BadLine]) -> Iterator[tuple[int, list[str]]]:
    """Each record after the header with the number of its first line; empty lines are no records."""
    # newline="": CR LF, LF and CR end a line as they are; str.splitlines() would also cut inside names.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    count, columns = 0, len(HEADER)
    while True:
        at = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            bad.append(BadLine(at, "", f"is not CSV: {error}"))
            continue
        if at == 1:
            if tuple(cells) not in (HEADER, HEADER + CONTACT_COLUMNS):
                wanted = f"expected the header {','.join(HEADER)}, after which {','.join(CONTACT_COLUMNS)} may follow"
                bad.append(BadLine(1, "", wanted))
                return
            columns = len(cells)
            continue
        if not cells:
            continue
        count += 1
        if count > MAX_PEOPLE:
            bad.append(BadLine(at, "", f"a file has at most {MAX_PEOPLE} people"))
            return
        if len(cells) == columns:
            yield at, cells
        else:
            bad.append(BadLine(at, "", f"expected {columns} fields, found {len(cells)}"))
    if reader.line_num == 0:
        bad.append(BadLine(1, "", f"the file is empty; expected the header {','.join(HEADER)}"))


class _Reading:
    """One pass over the records; remembers what must not come twice."""

    def __init__(self, campus: Campus, bad: list[BadLine]) -> None:
        self._zone = campus.timezone
        self._class_prefix = campus.slips.class_prefix
        self._groups = frozenset(group for rule in campus.permissions for group in rule.groups)
        self._dormitories = frozenset(zone.id for zone in campus.zones.values() if zone.kind is ZoneKind.DORMITORY)
        self._bad = bad
        self._lines: dict[tuple[str, str], int] = {}
        self._group_sets: dict[str, tuple[str, ...]] = {}
        self._moments: dict[tuple[str, bool], datetime | None] = {}

    def person(self, line: int, cells: list[str]) -> Person | None:
        """The person of a line, or None after noting everything that is wrong with it."""
        before = len(self._bad)
        for name, cell in zip(HEADER + CONTACT_COLUMNS, cells, strict=False):
            if "\0" in cell:
                self._note(line, name, "has a NUL character")
        if len(self._bad) > before:
            return None
        id_, name, kind, groups, card, plate, dormitory, valid_from, valid_to = (
            cell.strip() for cell in cells[: len(HEADER)]
        )
        if not _ID.fullmatch(id_):
            self._note(line, "id", "expected 1 to 64 of A-Z, a-z, 0-9, dot, - and _")
        elif looks_like_one(id_):
            self._note(line, "id", "v- and 20 digits name visitors, who are erased with their visits; give another id")
        else:
            self._once(line, "id", id_, "the id")
        if not name or len(name) > MAX_NAME or not name.isprintable():
            self._note(line, "name", f"expected 1 to {MAX_NAME} printable characters")
        if kind not in _KINDS:
            self._note(line, "kind", f"expected one of {', '.join(_KINDS)}")
        person_groups = self._groups_of(line, groups)
        card_value = self._credential(line, "card", card)
        plate_value = self._credential(line, "plate", plate)
        if dormitory and dormitory not in self._dormitories:
            self._note(line, "dormitory", f"expected a dormitory: {', '.join(sorted(self._dormitories)) or 'none'}")
        not_before = self._moment(line, "valid_from", valid_from)
        not_after = self._moment(line, "valid_to", valid_to)
        if not_before is not None and not_after is not None and not_after <= not_before:
            self._note(line, "valid_to", "lies before valid_from")
        phone, mail = self._contact(line, cells[len(HEADER) :])
        if len(self._bad) > before:
            return None
        return Person(
            line,
            id_,
            name,
            _KINDS[kind],
            person_groups,
            card_value,
            plate_value,
            dormitory or None,
            not_before,
            not_after,
            phone,
            mail,
        )

    def _contact(self, line: int, cells: list[str]) -> tuple[str | None, str | None]:
        if not cells:
            return None, None
        found: list[str] = []
        for name, cell, check in zip(CONTACT_COLUMNS, cells, (plain_phone, plain_mail), strict=True):
            try:
                found.append(check(cell))
            except ValueError as error:
                self._note(line, name, str(error))
                found.append("")
        return found[0], found[1]

    def _note(self, line: int, field: str, message: str) -> None:
        self._bad.append(BadLine(line, field, message))

    def _once(self, line: int, field: str, value: str, what: str) -> None:
        first = self._lines.setdefault((field, value), line)
        if first != line:
            self._note(line, field, f"{what} stands in line {first} already")

    def _is_class(self, group: str) -> bool:
        """A class opens nothing: it says whose students a teacher gives leave slips to."""
        return group.startswith(self._class_prefix) and _GROUP.fullmatch(group) is not None

    def _groups_of(self, line: int, cell: str) -> tuple[str, ...]:
        known = self._group_sets.get(cell)
        if known is not None:
            return known
        groups = [group.strip() for group in cell.split(";")] if cell else []
        unknown = [group for group in groups if group not in self._groups and not self._is_class(group)]
        if unknown:
            listed = ", ".join(sorted(self._groups)) or "none"
            self._note(line, "groups", f"expected groups that a permission names, parted by ;: {listed}")
            return ()
        if len(groups) > MAX_GROUPS:
            self._note(line, "groups", f"expected at most {MAX_GROUPS}")
            return ()
        self._group_sets[cell] = tuple(sorted(set(groups)))
        return self._group_sets[cell]

    def _credential(self, line: int, kind: str, cell: str) -> str | None:
        if not cell:
            return None
        try:
            value = canonical(kind, cell)
        except ValueError as error:
            self._note(line, kind, str(error))
            return None
        if not value.isprintable():
            self._note(line, kind, "expected printable characters")
            return None
        if kind == "card" and not (value.isascii() or unicodedata.normalize("NFKC", value) == value):
            # A reader sends the plain digits: a card written like this would be refused for ever, and nobody knew why.
            self._note(line, kind, "has full-width characters; write plain ones")
            return None
        self._once(line, kind, value, f"the same {kind}")
        return value

    def _moment(self, line: int, field: str, cell: str) -> datetime | None:
        if not cell:
            return None
        is_end = field == "valid_to"
        if (cell, is_end) in self._moments:
            return self._moments[cell, is_end]
        try:
            moment = _moment(cell, self._zone, is_end)
        except (ValueError, OverflowError):
            self._note(line, field, "expected a day like 2026-09-01 or a time like 2026-09-01T07:00:00+08:00")
            return None
        self._moments[cell, is_end] = moment
        return moment


def _moment(cell: str, zone: ZoneInfo, is_end: bool) -> datetime:
    """A day begins at the site's midnight and, as an end, lasts to the next one."""
    if _DATE.fullmatch(cell):
        if is_end and cell.startswith("9999-12-"):  # how other systems spell "for ever"; there is no day after it
            return datetime(9999, 12, 31, tzinfo=UTC)
        day = date.fromisoformat(cell) + timedelta(days=1 if is_end else 0)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    if _MOMENT.fullmatch(cell):
        moment = datetime.fromisoformat(cell.upper()).astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as fine as times are kept
    raise ValueError(cell)
