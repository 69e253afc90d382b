"""Handlers: does the ledger still say what it said; a verification is started, and how the last one ended."""

from collections.abc import Mapping

from gateway.flows import ledger_state
from gateway.flows.ledger_book import LedgerBook
from gateway.web import ledger_state_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import Kind, Problem


async def get_verification(call: Call) -> shapes.LedgerVerification:
    return await _as_told(call, await ledger_state.load(call.site))


async def verify(call: Call) -> shapes.LedgerVerification:
    """Asked twice it is the one that runs."""
    book = await ledger_state.load(call.site)
    try:
        ledger_state.begin(call.site, call.by.ref)
    except ledger_state.NotHere:
        raise Problem(Kind.CONFLICT, "not_here: nothing here can walk the ledger") from None
    return await _as_told(call, book)


async def _as_told(call: Call, book: LedgerBook) -> shapes.LedgerVerification:
    names = {user.ref: user.name for user in await call.parts.accounts.users()}
    running, last = book.running, book.last
    return shapes.LedgerVerification(
        state="running" if running is not None else "never" if last is None else last.state,
        running=None
        if running is None
        else shapes.VerificationRunning(
            _name(names, running.by), running.started_at, running.looked_at, max(running.of, running.looked_at)
        ),
        last=None
        if last is None
        else shapes.VerificationResult(
            state=last.state,
            by=_name(names, last.by),
            started_at=last.started_at,
            ended_at=last.ended_at,
            count=None if last.walked is None else last.walked.count,
            head=None if last.walked is None else last.walked.hash,
            bad_seq=None if last.walked is None else last.walked.bad_seq,
            what=last.what,
        ),
        nightly_at=f"{ledger_state.AT_MIN // 60:02d}:{ledger_state.AT_MIN % 60:02d}",
    )


def _name(names: Mapping[str, str], ref: str) -> str | None:
    """None: the gateway by itself."""
    return None if ref == ledger_state.GATEWAY else names.get(ref, ref)
