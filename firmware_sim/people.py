"""Synthetic people for the simulated campus: neutral, seeded, written as the CSV that `wardgate import people` takes.

Promises: the same seed gives the same people; ids p0001 …; cards unique, hex, upper case; a share of staff with a
plate; boarders with a dormitory. Names are put together from common syllables and mean nobody. Nothing else about a
person is made up, because nothing else about a person belongs into the product.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TextIO

HEADER = ("id", "name", "kind", "groups", "card", "plate", "dormitory", "valid_from", "valid_to")
DORMITORIES = ("dorm-1", "dorm-2", "dorm-3")

_FAMILY = (
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"), ("赵", "Zhao"),
    ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"), ("胡", "Hu"), ("朱", "Zhu"),
    ("高", "Gao"), ("林", "Lin"), ("何", "He"), ("郭", "Guo"), ("马", "Ma"), ("罗", "Luo"),
)  # fmt: skip
_GIVEN = (
    ("伟", "Wei"), ("芳", "Fang"), ("敏", "Min"), ("静", "Jing"), ("磊", "Lei"), ("洋", "Yang"), ("艳", "Yan"),
    ("勇", "Yong"), ("娟", "Juan"), ("涛", "Tao"), ("明", "Ming"), ("超", "Chao"), ("霞", "Xia"), ("平", "Ping"),
    ("晨", "Chen"), ("雨", "Yu"), ("宇", "Yu"), ("欣", "Xin"), ("佳", "Jia"), ("文", "Wen"),
)  # fmt: skip
_OTHER_FIRST = (
    "Anna",
    "David",
    "Elena",
    "Jonas",
    "Lucía",
    "Marek",
    "Noor",
    "Oliver",
    "Priya",
    "Sofia",
    "Tomás",
    "Yuki",
)
_OTHER_LAST = ("Berg", "Costa", "Eriksen", "Kowalska", "Mbeki", "Novák", "O'Brien", "Okafor", "Rossi", "Sato", "Silva")
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_PLATE_PLACES = ("京A", "京N", "沪B", "粤C", "苏E", "浙A")


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the CSV."""

    id: str
    name: str
    kind: str
    groups: tuple[str, ...]
    card: str
    plate: str = ""
    dormitory: str = ""
    valid_from: str = ""
    valid_to: str = ""

    def row(self) -> dict[str, str]:
        """As the CSV has it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "groups": ";".join(self.groups),
            "card": self.card,
            "plate": self.plate,
            "dormitory": self.dormitory,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }


def make(count: int, seed: int) -> list[Person]:
    """`count` people: about four fifths students (half of them boarders), then staff, service and residents.

    Three in a hundred cards have run out, so that somebody holds one now and then.
    """
    chance = random.Random(f"people {seed}")
    cards = _unique_cards(chance, count)
    plates = _unique_plates(chance, count)
    width = max(4, len(str(count)))
    people = []
    for number in range(1, count + 1):
        kind = chance.choices(("student", "staff", "service", "resident"), (80, 14, 4, 2))[0]
        boarder = kind == "student" and chance.random() < 0.5
        expired = kind == "student" and chance.random() < 0.03
        people.append(
            Person(
                id=f"p{number:0{width}d}",
                name=_name(chance),
                kind=kind,
                groups=_groups(chance, kind, boarder),
                card=cards[number - 1],
                plate=plates[number - 1] if kind == "staff" and chance.random() < 0.4 else "",
                dormitory=chance.choice(DORMITORIES) if boarder else "",
                valid_from="2020-09-01" if expired else "",
                valid_to="2023-07-15" if expired else "",
            )
        )
    return people


def write(people: Iterable[Person], file: TextIO) -> None:
    """The CSV, header first, lines ended by a line feed."""
    writer = csv.DictWriter(file, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(person.row() for person in people)


def read(file: TextIO) -> list[Person]:
    """The people of a CSV; ValueError names the line and what is wrong with it."""
    reader = csv.DictReader(file)
    if tuple(reader.fieldnames or ()) != HEADER:
        raise ValueError(f"the header must be {','.join(HEADER)}")
    people = []
    for row in reader:
        if None in row or any(value is None for value in row.values()) or not row["id"]:
            raise ValueError(f"line {reader.line_num}: {len(HEADER)} fields and an id are needed")
        people.append(
            Person(
                id=row["id"],
                name=row["name"],
                kind=row["kind"],
                groups=tuple(group for group in row["groups"].split(";") if group),
                card=row["card"].upper(),
                plate=row["plate"],
                dormitory=row["dormitory"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            )
        )
    return people


def has_run_out(person: Person, today: date) -> bool:
    """Whether the card's last day lies behind."""
    return bool(person.valid_to) and date.fromisoformat(person.valid_to[:10]) < today


def _groups(chance: random.Random, kind: str, boarder: bool) -> tuple[str, ...]:
    if kind == "student":
        return ("students", "boarders") if boarder else ("students",)
    if kind == "service":
        return ("staff", "security") if chance.random() < 0.4 else ("staff",)
    return ("staff",)  # residents live in staff housing and pass with its group


def _name(chance: random.Random) -> str:
    if chance.random() < 0.06:
        return f"{chance.choice(_OTHER_FIRST)} {chance.choice(_OTHER_LAST)}"
    family, given = chance.choice(_FAMILY), [chance.choice(_GIVEN) for _ in range(chance.choice((1, 2, 2)))]
    if chance.random() < 0.1:
        return f"{family[1]} {''.join(syllable for _, syllable in given).capitalize()}"
    return family[0] + "".join(sign for sign, _ in given)


def _unique_cards(chance: random.Random, count: int) -> Sequence[str]:
    numbers: dict[int, None] = {}
    while len(numbers) < count:
        numbers[chance.getrandbits(56) | 1 << 55] = None
    return [f"{number:014X}" for number in numbers]


def _unique_plates(chance: random.Random, count: int) -> Sequence[str]:
    plates: dict[str, None] = {}
    while len(plates) < count:
        tail = "".join(chance.choice(_PLATE_LETTERS + "0123456789") for _ in range(5))
        plates[chance.choice(_PLATE_PLACES) + tail] = None
    return list(plates)
