"""Small statistics and the table that every benchmark ends with."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

# Student's t for a two-sided 95 % interval, by degrees of freedom; beyond the table the normal value is near enough.
T_95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 11: 2.201, 14: 2.145, 19: 2.093}


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was reached against what is to be reached; `judged` False only informs."""

    what: str
    values: tuple[float, ...]
    reach: float
    then: float | None = None
    more_is_better: bool = True
    unit: str = "×"
    judged: bool = True
    upper_end: bool = False

    @property
    def value(self) -> float:
        return upper_end(self.values) if self.upper_end else statistics.median(self.values)

    @property
    def is_reached(self) -> bool:
        return self.value >= self.reach if self.more_is_better else self.value <= self.reach

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "value": round(self.value, 4),
            "rounds": [round(value, 4) for value in self.values],
            "reach": self.reach,
            "then": self.then,
            "unit": self.unit,
            "reached": self.is_reached if self.judged else None,
        }


def upper_end(ratios: tuple[float, ...]) -> float:
    """Upper end of the 95 % interval of the mean ratio, taken on logarithms because ratios multiply."""
    if len(ratios) < 3:
        return max(ratios)
    logs = [math.log(ratio) for ratio in ratios]
    known = [degrees for degrees in T_95 if degrees <= len(logs) - 1]
    spread = statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(statistics.fmean(logs) + T_95[max(known)] * spread)


def print_figures(figures: list[Figure]) -> None:
    table = Table("what", "reached", "rounds", "to reach", "then", "", title_justify="left")
    for figure in figures:
        compare = "≥" if figure.more_is_better else "≤"
        verdict = ("reached" if figure.is_reached else "MISSED") if figure.judged else "not judged here"
        table.add_row(
            figure.what,
            f"{figure.value:.2f} {figure.unit}",
            f"{min(figure.values):.2f} … {max(figure.values):.2f}",
            f"{compare} {figure.reach:g} {figure.unit}",
            f"{compare} {figure.then:g} {figure.unit}" if figure.then is not None else "",
            verdict,
        )
    # Wide enough not to wrap where the output goes to a file.
    Console(width=max(Console().width, 120)).print(table)


def exit_status(figures: list[Figure]) -> int:
    """1 if a figure that is judged was missed."""
    return 0 if all(figure.is_reached for figure in figures if figure.judged) else 1
