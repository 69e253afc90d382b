"""Writes the pages that follow from code and data: `python -m tests.docs.write` renews docs/reasons.md and the pages of
the shipped policies.

Promises that each page is a pure function: of the reasons, their sentences and the code that gives them, or of a policy
(`policy_page`); tests compare the files with it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from devices.fields import AccessReason
from gateway.core.kinds import Profile
from gateway.core.policy import Policy
from gateway.core.reasons import Reason
from gateway.core.sentences import SENTENCES, Sentences
from gateway.policy_file import load_policy
from gateway.settings import shipped
from tests.docs.policy_page import policy_page

ROOT = Path(__file__).resolve().parents[2]
REASONS = ROOT / "docs" / "reasons.md"
ONLY_WORDS = ("reasons.py", "sentences.py")
"""Files that list every reason and give none."""

HEAD = """\
# Reasons

<!-- Written by `python -m tests.docs.write` from gateway/core/sentences.py: change the sentences there. -->

Every decision has one reason that settles it. They stand here in order of precedence: where several apply, the first
one is the answer and the others are in the trace. The codes are a contract with devices, records and screens; the
sentences are for people: one for the guard, one on what would help, and one that may be shown to the person, which
tells nothing about them.

*Not given yet* are reasons of what later versions decide (defence levels, visits, authorisations, slips). They have
their words already, because devices and screens must know every reason that can ever come.
"""


def reasons_page(sentences: Mapping[Reason, Sentences] = SENTENCES) -> str:
    """docs/reasons.md as it has to be."""
    by_gateway = given_by_gateway()
    parts = [HEAD]
    for reason in Reason:
        said = sentences[reason]
        givers = [
            name
            for name, gives in (
                ("the gateway", reason in by_gateway),
                ("a device alone", reason.value in list(AccessReason)),
            )
            if gives
        ]
        who = f"Given by {' and '.join(givers)}." if givers else "Not given yet."
        parts.append(f"\n## `{reason.value}`\n\n{who}\n\n| for | English | 中文 |\n| --- | --- | --- |\n")
        for name, label in (("guard", said.guard), ("hint", said.hint), ("person", said.polite)):
            parts.append(f"| {name} | {_cell(label.en)} | {_cell(label.zh)} |\n")
    return "".join(parts)


def given_by_gateway() -> frozenset[Reason]:
    """The reasons that some line of the gateway gives, rather than only compares with."""
    return frozenset(
        Reason[name]
        for path in sorted((ROOT / "gateway").rglob("*.py"))
        if path.name not in ONLY_WORDS
        for name in _given_in(ast.parse(path.read_text("utf-8")))
        if name in Reason.__members__
    )


def _given_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare):
        return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason":
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _given_in(child)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def shipped_policy(profile: Profile) -> Policy:
    """The policy that comes with the program."""
    policy, faults = load_policy(shipped(f"policy.{profile.value}.yaml"))
    assert policy is not None, faults
    return policy


def policy_path(profile: Profile) -> Path:
    """Where the page of a shipped policy stands."""
    return ROOT / "docs" / f"policy.{profile.value}.md"


def main() -> int:
    pages = {REASONS: reasons_page()}
    pages |= {policy_path(profile): policy_page(shipped_policy(profile)) for profile in Profile}
    for path, page in pages.items():
        path.write_text(page, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
