"""Two stories of one day: what physically moved (the simulator's truth log) and what the ledger tells.

Promises: `faults` names every motion without exactly one cause in the ledger, every granted and executed decision
without exactly one opening, every refusal that opened something, and every breach of the records' own laws: one record
for each decision, no event lost or doubled, no hole in a boot's numbers without a record of it.
Leaves to others: how the two were made. It knows no device's inside, only lines and rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.parts.gateway_process import Row

Line = Mapping[str, Any]

FOLLOWS = frozenset({"passage", "hold_over", "power", "cycle"})
"""Causes that lie in the device itself: what opened closes again, with the passage, by time, by its spring."""
OPENINGS = frozenset({"unlocked", "lowering"})


class Oracle:
    """Joins the truth's lines with the ledger's rows."""

    def __init__(self, truth: Iterable[Line], rows: Sequence[Row]) -> None:
        self.motions = [line for line in truth if line["what"] != "started"]
        self.rows = rows
        self.decisions = _by(rows, "decision", "device", "tap")
        self.commands = _by(rows, "command", "device", "command")
        self.answers = _by(rows, "answer", "device", "tap")
        self.results = _by(rows, "result", "device", "command")
        self.events: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            if row.kind == "event":
                self.events[row.body["device"], row.body["type"]].append(row.body)
        self.sent: dict[tuple[str, str], str] = {}
        """The tap that a command answers, by device and command."""
        for (device, tap), bodies in [*self.decisions.items(), *self.answers.items()]:
            for body in bodies:
                if body["command"]:
                    self.sent[device, body["command"]] = tap

    def check(self) -> None:
        """AssertionError with every fault."""
        faults = self.faults()
        assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])

    def faults(self) -> list[str]:
        """Everything in which the two stories differ."""
        return [
            *self._motions(),
            *self._turns(),
            *self._grants(),
            *self._refusals(),
            *self._passages(),
            *self._records(),
        ]

    # Every motion has exactly one cause

    def _motions(self) -> Iterable[str]:
        buttons: Counter[str] = Counter()
        for line in self.motions:
            device, cause = line["device"], line["cause"]
            what, by, command, tap = line["what"], cause["by"], cause["command"], cause["tap"]
            if by == "exit_button" and what == "unlocked":
                buttons[device] += 1
            elif (why := self._without_cause(line["kind"], device, what, by, command, tap)) is not None:
                yield f"{device} {what} by {by} ({command or tap}) at {line['at']}: {why}"
        for device, count in buttons.items():
            told = len(self.events[device, "exit_button"])
            if told != count:
                yield f"{device}: {count} openings by its button, {told} presses in the ledger"

    def _without_cause(
        self, kind: str, device: str, what: str, by: str, command: str | None, tap: str | None
    ) -> str | None:
        """What is wrong, or None if exactly one record is the cause."""
        if by == "command":
            if kind == "bollard":
                return self._command_that_lowers(device, command or "")
            if (device, command) in self.sent:
                return self._tap_that_opens(device, self.sent[device, command or ""])
            return _not_one(self.commands.get((device, command or "")), "commands or answers")
        if by == "free_exit":
            return self._tap_that_opens(device, tap or "")
        if by == "alone":
            told = [e for e in self.events[device, "access"] if e["data"]["tap"] == tap]
            granted = [e for e in told if e["data"]["outcome"] == "grant"]
            return _not_one(granted, "lone grants") or _not_one(self.decisions.get((device, tap or "")), "decisions")
        if by == "cycle":
            return _not_one(self.commands.get((device, command or "")), "commands that began the cycle")
        if by in FOLLOWS or what in ("opened", "closed") or (what == "passed" and by in ("tailgate", "released")):
            return None
        if by == "exit_button":
            return None if self.events[device, "exit_button"] else "no press in the ledger"
        wanted = {
            "fire": "fire_input",
            "person": {"passed": "door_forced", "forced": "door_forced", "raising": "efo_pressed"}.get(what, what),
            "manual": "manual_override",
        }.get(by)
        if wanted is None:
            return "a cause that nobody knows"
        return None if self.events[device, wanted] else f"no {wanted} in the ledger"

    def _command_that_lowers(self, device: str, command: str) -> str | None:
        """A person's command, or the lane's, and then a plate or card was granted there."""
        told = self.commands.get((device, command), [])
        if len(told) == 1 and told[0]["by"].startswith("tap:"):
            _, lane, tap = told[0]["by"].split(":")
            return self._tap_that_opens(lane, tap)
        return _not_one(told, "commands")

    def _tap_that_opens(self, device: str, tap: str) -> str | None:
        decisions = self.decisions.get((device, tap), [])
        if len(decisions) != 1:
            return f"{len(decisions)} decisions on its tap {tap}"
        outcomes = {decisions[0]["outcome"], *(body["outcome"] for body in self.answers.get((device, tap), []))}
        return None if "grant" in outcomes else f"its tap {tap} was {outcomes}"

    def _turns(self) -> Iterable[str]:
        """What is shut is not shut again, what is open not opened again, and one command moves a bollard once."""
        is_open: dict[str, bool] = defaultdict(bool)
        leaf: dict[str, str] = defaultdict(lambda: "closed")
        moved: Counter[tuple[str, str, str | None]] = Counter()
        for line in self.motions:
            device, what = line["device"], line["what"]
            if what == "forced":
                leaf[device] = "opened"
            elif what in ("unlocked", "released"):
                is_open[device] = True
                told = line["cause"]["command"] or line["cause"]["tap"]
                if told is not None:
                    moved[device, what, told] += 1
            elif what == "locked":
                if not is_open[device]:
                    yield f"{device} locked at {line['at']} though it was locked"
                is_open[device] = False
            elif what in ("opened", "closed"):
                if leaf[device] == what:
                    yield f"{device} {what} at {line['at']} though it was {what}"
                leaf[device] = what
            elif what in ("lowering", "lowered", "raising", "raised") and line["cause"]["command"] is not None:
                moved[device, what, line["cause"]["command"]] += 1
            elif what == "stopped":
                moved[device, "raising", line["cause"]["command"]] -= 1  # what was stopped may begin again
        for (device, what, command), count in moved.items():
            if count > 1:
                yield f"{device} {what} {count} times by {command}"

    # Every granted and executed decision opens once, every refusal never

    def _openings_of(self, device: str, tap: str, commands: set[str]) -> list[Line]:
        return [
            line
            for line in self.motions
            if line["what"] in OPENINGS
            and line["device"] == device
            and (line["cause"]["tap"] == tap or (line["cause"]["command"] in commands))
        ]

    def _grants(self) -> Iterable[str]:
        released = {line["device"] for line in self.motions if line["what"] == "released"}
        for (device, tap), bodies in self.decisions.items():
            granted = {
                body["command"]
                for body in (*bodies, *self.answers.get((device, tap), []))
                if body["outcome"] == "grant" and body["command"]
            }
            executed = {
                c for c in granted if any(r["outcome"] == "executed" for r in self.results.get((device, c), []))
            }
            if not executed:
                continue
            lowered = self._lowered_for(device, tap)
            if lowered is not None:
                if lowered != 1:
                    yield f"{device}: the granted plate of tap {tap} lowered the bollard {lowered} times"
                continue
            opened = len(self._openings_of(device, tap, granted))
            if opened != 1 and device not in released:
                yield f"{device}: the granted and executed tap {tap} opened {opened} times"

    def _lowered_for(self, device: str, tap: str) -> int | None:
        """How often the lane's bollard was told to go down for this tap; None where no bollard belongs to it."""
        if not any(row.kind == "command" and row.body["by"].startswith(f"tap:{device}:") for row in self.rows):
            return None
        told = [
            body
            for bodies in self.commands.values()
            for body in bodies
            if body["action"] == "lower" and body["by"] == f"tap:{device}:{tap}"
        ]
        return sum(self._was_executed(body["device"], body["command"]) for body in told)

    def _was_executed(self, device: str, command: str) -> bool:
        return any(result["outcome"] == "executed" for result in self.results.get((device, command), []))

    def _refusals(self) -> Iterable[str]:
        for (device, tap), bodies in self.decisions.items():
            answers = self.answers.get((device, tap), [])
            outcomes = {body["outcome"] for body in (*bodies, *answers)}
            alone = {e["data"]["outcome"] for e in self.events[device, "access"] if e["data"]["tap"] == tap}
            if "grant" in outcomes | alone:
                continue
            commands = {body["command"] for body in (*bodies, *answers) if body["command"]}
            if self._openings_of(device, tap, commands):
                yield f"{device}: the refused tap {tap} opened"
            if self._lowered_for(device, tap):
                yield f"{device}: the refused tap {tap} lowered a bollard"

    def _passages(self) -> Iterable[str]:
        """Everybody who went through is told of, once."""
        went = Counter((line["device"], line["cause"]["tap"]) for line in self.motions if line["what"] == "passed")
        told: Counter[tuple[str, str | None]] = Counter()
        for (device, type_), bodies in list(self.events.items()):
            if type_ == "passage":
                told.update((device, body["data"]["tap"]) for body in bodies)
        for one in went.keys() | told.keys():
            if went[one] != told[one]:
                yield f"{one[0]}: {went[one]} went through with tap {one[1]}, the ledger tells of {told[one]}"

    # The records' own laws

    def _records(self) -> Iterable[str]:
        for (device, tap), bodies in self.decisions.items():
            if len(bodies) != 1:
                yield f"{device}: {len(bodies)} records of the decision on tap {tap}"
        keys = Counter(row.key for row in self.rows if row.key is not None)
        yield from (f"the fact {key} is told {count} times" for key, count in keys.items() if count > 1)
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        gaps: dict[tuple[str, str], set[int]] = defaultdict(set)
        for row in self.rows:
            if row.kind == "event":
                numbers[row.body["device"], row.body["boot"]].append(row.body["seq"])
            elif row.kind in ("events_gap", "events_lost"):
                missing = range(row.body["from_seq"], row.body["to_seq"] + 1)
                gaps[row.body["device"], row.body["boot"]].update(missing)
        for (device, boot), found in numbers.items():
            holes = set(range(1, max(found) + 1)) - set(found) - gaps[device, boot]
            if holes:
                yield f"{device}: events {sorted(holes)[:5]} of boot {boot} are missing without a record of it"
            if len(found) != len(set(found)):
                yield f"{device}: events of boot {boot} are told twice"


def _by(rows: Sequence[Row], kind: str, *names: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.kind == kind:
            found[row.body[names[0]], row.body[names[1]]].append(row.body)
    return dict(found)


def _not_one(bodies: Sequence[object] | None, what: str) -> str | None:
    count = len(bodies or ())
    return None if count == 1 else f"{count} {what} in the ledger"
