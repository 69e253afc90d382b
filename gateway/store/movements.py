"""The ledger's rows about one person in a span of time.

The ledger has no index by person, on purpose: it is written at every tap and asked for one person a few times a day. So
a question walks the span's rows piece by piece, the newest first, and stops when it has enough or has looked at
`PIECES_AT_MOST`; the answer then says up to when to ask on. Promises: what is looked for is a reference made of
hexadecimal digits and a bound value, never a pattern of somebody's choice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.store.tables import ledger

PIECE = timedelta(hours=6)
PIECES_AT_MOST = 28
"""A week in one question: at a university some hundred thousand rows, a second or two of a reading thread."""
ROWS_OF_A_PIECE = 500
"""Of one person in six hours; nobody taps so often, but a card that somebody plays with may."""


def find_about(
    connection: Connection, kinds: Sequence[str], holder: str, since: datetime, until: datetime, limit: int
) -> tuple[list[Row[tuple[object, ...]]], datetime | None]:
    """Rows of these kinds about `holder` in [since, until), the newest first, and up to when to ask on. The last piece
    comes whole, so that there may be more than `limit`."""
    if not holder.isalnum():
        return [], None
    spelled = f'"holder":"{holder}"'
    found: list[Row[tuple[object, ...]]] = []
    end, pieces = until, 0
    while end > since and len(found) < limit:
        if pieces == PIECES_AT_MOST:
            return found, end
        pieces += 1
        begin = max(since, end - PIECE)
        rows = connection.execute(
            sa.select(ledger)
            .where(
                ledger.c.at >= _ms(begin),
                ledger.c.at < _ms(end),
                ledger.c.kind.in_(kinds),
                ledger.c.body.contains(spelled, autoescape=True),
            )
            .order_by(ledger.c.at.desc(), ledger.c.seq.desc())
            .limit(ROWS_OF_A_PIECE)
        ).all()
        found += rows
        if len(rows) == ROWS_OF_A_PIECE:
            return found, datetime.fromtimestamp(rows[-1].at / 1000, UTC)
        end = begin
    return found, end if end > since else None


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
