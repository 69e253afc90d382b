"""Do the single checks of cameras still say what the ledger covers? Every batch whose rows are still kept.

Promises: a check that was altered, removed or slipped in is found, and the record that covers it is named. Batches that
began before the oldest day that is kept whole are left out: their rows are erased, and the hours' sums stay.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.camera_digest import BatchDigest, row_line
from gateway.flows.retention_rules import Kept, Retention
from gateway.store.tables import camera_checks, ledger

KIND = "camera_checks"
FIRST_KEY, LAST_KEY = "cb:", "cb;"


def first_bent_batch(connection: Connection) -> tuple[int, str] | None:
    """The first record whose checks are not what it says, with what is wrong; None if all hold."""
    newest = connection.execute(sa.select(sa.func.max(ledger.c.at))).scalar()
    if newest is None:
        return None
    cutoff = Retention().cutoff(Kept.CAMERA_CHECKS, datetime.fromtimestamp(newest / 1000, UTC))
    whole_from = cutoff.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    records = (
        sa.select(ledger.c.seq, ledger.c.body)
        .where(ledger.c.key >= FIRST_KEY, ledger.c.key < LAST_KEY, ledger.c.kind == KIND)
        .order_by(ledger.c.key)
    )
    for record in connection.execute(records).all():
        body = msgspec.json.decode(record.body)
        if datetime.fromisoformat(body["from"]) < whole_from:
            continue
        count, digest = _digest_of(connection, body["batch"])
        if digest != body["sha256"]:
            what = f"the camera checks that record {record.seq} covers are not those: it counts {body['planned']}"
            return record.seq, what + (f", there are {count}" if count != body["planned"] else "; one was altered")
    return None


def _digest_of(connection: Connection, batch: int) -> tuple[int, str]:
    table = camera_checks
    # The bare numbers, without the way over datetimes: there may be millions.
    due_ms, at_ms = (sa.type_coerce(column, sa.BigInteger) for column in (table.c.due_at, table.c.at))
    columns = (table.c.camera, due_ms, at_ms, table.c.miss, table.c.findings, table.c.measures)
    digest, count = BatchDigest(), 0
    for row in connection.execute(sa.select(*columns).where(table.c.batch == batch)):
        digest.add(row[0], row[1], row_line(*row))
        count += 1
    return count, digest.hexdigest()
