"""Shapes of the API: the verification of the ledger."""

from datetime import datetime

from gateway.web.shapes import Answer


class VerificationRunning(Answer, frozen=True):
    """`by` null: the gateway by itself."""

    by: str | None
    started_at: datetime
    looked_at: int
    of: int


class VerificationResult(Answer, frozen=True):
    """`state`: `holds`, `bent` (`bad_seq` is the first record that does not fit, `what` says why) or `unread` (the
    ledger could not be read to its end). `head`: the hash of the last record."""

    state: str
    by: str | None
    started_at: datetime
    ended_at: datetime
    count: int | None
    head: str | None
    bad_seq: int | None
    what: str | None


class LedgerVerification(Answer, frozen=True):
    """`state`: `running`, `never`, or that of `last`. `nightly_at`: when it is done by itself, local time."""

    state: str
    running: VerificationRunning | None
    last: VerificationResult | None
    nightly_at: str
