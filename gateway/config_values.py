"""What a field of any configuration file may hold: names, texts for people, times of day, days, paths, closed lists.

Promises: text is strict, a number is never taken for a name; each fault says what was expected. Leaves to others: which
fields a file has (`config_schema`, `campus_schema`, `camera_schema`, `plan_schema`, and the modules of the other files
themselves), where a fault stands (`config_faults`).
"""

import re
from datetime import date as Date
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
GROUP = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_LABEL = 80

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Part(BaseModel):
    """One part of a file: unknown fields are faults, and nothing is turned into something else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


def listed(kind: type[Any]) -> BeforeValidator:
    """The texts of a closed list, taken from the file as its members; another is a fault that names them all."""
    known = [str(member.value) for member in kind]

    def pick(value: Any) -> Any:
        if isinstance(value, str) and value in known:
            return kind(value)
        raise ValueError(f"expected one of {', '.join(known)}")

    return BeforeValidator(pick)


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("expected a name of 1 to 63 of a-z, 0-9 and -, the first no -")
    return text


def _group(text: str) -> str:
    if not GROUP.fullmatch(text):
        raise ValueError("expected a name of 1 to 63 of a-z, 0-9, - and _, the first a letter or digit")
    return text


def _label(text: str) -> str:
    if not text.strip() or len(text) > MAX_LABEL or not text.isprintable():
        raise ValueError(f"expected 1 to {MAX_LABEL} printable characters")
    return text


def _minutes(text: Any) -> Any:
    """`22:30` as minutes since midnight; `24:00` is the end of a day."""
    if isinstance(text, str):
        if text == "24:00":
            return 24 * 60
        if match := _TIME.fullmatch(text):
            return int(match[1]) * 60 + int(match[2])
    raise ValueError('expected a time of day from "00:00" to "24:00", such as "22:30"')


def _before_midnight(minutes: int) -> int:
    if minutes == 24 * 60:
        raise ValueError('expected a time of day before "24:00"; midnight is "00:00"')
    return minutes


def _date(text: Any) -> Any:
    """`2026-10-01` as a date."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return Date.fromisoformat(text)
        except ValueError:
            pass  # such as 2026-02-30
    raise ValueError("expected a date such as 2026-10-01")


def _path(text: str) -> str:
    if not text or "\0" in text or PurePosixPath(text) == PurePosixPath("."):
        raise ValueError("expected the path of a file or folder")
    return text


Name = Annotated[str, AfterValidator(_name)]
Group = Annotated[str, AfterValidator(_group)]
Minutes = Annotated[int, BeforeValidator(_minutes)]
TimeOfDay = Annotated[Minutes, AfterValidator(_before_midnight)]
DateText = Annotated[Date, BeforeValidator(_date)]
LabelText = Annotated[str, AfterValidator(_label)]
PathText = Annotated[str, AfterValidator(_path)]


class LabelPart(Part):
    en: LabelText
    zh: LabelText
