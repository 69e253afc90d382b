"""What the gateway has told the device to keep, and which newer words it takes (rule 8).

Promises: versions only grow; equal versions with other bytes are refused; a list comes into use only when every page
of its version is there; the revoked list counts by itself and at once. Leaves the disk and the report of a refusal to
its callers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from devices.limits import MAC_TAIL
from devices.messages import CredentialEntry, CredentialPage, Posture, RevokedList
from firmware_sim.state import Standing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: `taken` with what to keep, or `refused` with why; neither: nothing new."""

    standing: Standing
    keep: tuple[tuple[str, bytes], ...] = ()
    refused: str | None = None


def digest(payload: bytes) -> bytes:
    """Names the bytes said, without who signed them: after a key change the same posture comes with another mac."""
    return hashlib.sha256(payload[:-MAC_TAIL]).digest()


def take_posture(standing: Standing, posture: Posture, payload: bytes) -> Verdict:
    """A posture message."""
    said = digest(payload)
    if standing.posture is not None:
        if posture.version < standing.posture.version:
            return Verdict(standing, refused="older")
        if posture.version == standing.posture.version:
            return Verdict(standing, refused=None if said == standing.posture_digest else "conflict")
    return Verdict(replace(standing, posture=posture, posture_digest=said), keep=(("posture", payload),))


def take_revoked(standing: Standing, revoked: RevokedList, payload: bytes) -> Verdict:
    """A list of revoked tokens."""
    said = digest(payload)
    if standing.revoked_version is not None:
        if revoked.version < standing.revoked_version:
            return Verdict(standing, refused="older")
        if revoked.version == standing.revoked_version:
            return Verdict(standing, refused=None if said == standing.revoked_digest else "conflict")
    return Verdict(
        replace(
            standing,
            revoked_version=revoked.version,
            revoked=frozenset(revoked.tokens),
            revoked_digest=said,
        ),
        keep=(("credentials/revoked", payload),),
    )


def take_page(standing: Standing, page: CredentialPage, payload: bytes) -> Verdict:
    """One page of a credential list."""
    said = digest(payload)
    if page.page > page.pages:
        return Verdict(standing)
    in_force = standing.list_version
    if in_force is not None:
        if page.version < in_force:
            # A page left over from a longer list is nobody's lie, only old paper.
            return Verdict(standing, refused=None if page.page > standing.list_pages else "older")
        if page.version == in_force:
            known = standing.page_digests.get(page.page)
            return Verdict(standing, refused=None if known == said else "conflict")
    pending = dict(standing.pending)
    newest = max((other.version for other, _, _ in pending.values()), default=-1)
    if page.version < newest:
        return Verdict(standing)  # not below the version in force: only overtaken by a newer one still arriving
    if page.version > newest:
        pending = {}
    elif page.page in pending and pending[page.page][1] != said:
        return Verdict(standing, refused="conflict")
    if any(other.pages != page.pages for other, _, _ in pending.values()):
        return Verdict(standing, refused="conflict")
    pending[page.page] = (page, said, payload)
    if len(pending) < page.pages:
        return Verdict(replace(standing, pending=pending))
    return Verdict(
        in_use(standing, [pending[number] for number in sorted(pending)]),
        keep=tuple((f"credentials/{number:04d}", pending[number][2]) for number in sorted(pending)),
    )


def in_use(standing: Standing, pages: list[tuple[CredentialPage, bytes, bytes]]) -> Standing:
    """The standing with a complete list taken into use."""
    entries: dict[str, tuple[CredentialEntry, ...]] = {}
    for page, _, _ in pages:
        for entry in page.entries:
            entries[entry.token] = (*entries.get(entry.token, ()), entry)
    first = pages[0][0]
    return replace(
        standing,
        list_version=first.version,
        list_pages=first.pages,
        list_expires_at=min(page.expires_at for page, _, _ in pages),
        entries=entries,
        page_digests={page.page: said for page, said, _ in pages},
        pending={},
    )
