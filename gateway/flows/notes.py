"""What somebody typed beside an act: kept where retention can erase it, and named in the ledger by a reference.

A ledger row is for ever, and whoever types may type a name. So no row has free text; it has the reference of a note.
"""

import secrets
from datetime import datetime
from typing import NamedTuple

from gateway.flows.changes import NoteKept

MAX_NOTE = 200


class Note(NamedTuple):
    """`ref` for the row (None: nothing was typed), and what is written with it."""

    ref: str | None
    changes: tuple[NoteKept, ...]


def note(text: str, now: datetime) -> Note:
    """A note to be, of `MAX_NOTE` characters at most."""
    kept = text.strip()[:MAX_NOTE]
    if not kept:
        return Note(None, ())
    ref = secrets.token_hex(8)
    return Note(ref, (NoteKept(ref, kept, now),))
