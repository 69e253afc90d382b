"""A visitor's document: its number is checked while it is at hand, then only its last four characters and a keyed hash
are kept, under which the same person is found again.
"""

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core import resident_id
from gateway.flows.permits import WrongField
from gateway.flows.site import Site
from gateway.flows.visitor_ids import visitor_id

SHORTEST, LONGEST = 6, 32
"""Of a shorter one the last four characters would be nearly all of it."""


class DocumentKind(StrEnum):
    """What somebody can show."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    RESIDENCE_PERMIT = "residence_permit"
    DRIVING_LICENCE = "driving_licence"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as kept. Whoever holds it is found by `holder_id`: the same document, the same person."""

    kind: DocumentKind
    ending: str
    hash: str = field(repr=False)

    @property
    def holder_id(self) -> str:
        """The id of the person with this document: 80 bits of the hash, so that no table has to join the two."""
        return visitor_id(self.hash)


def read_document(site: Site, kind: DocumentKind, number: str, where: str = "visitor.document.number") -> Document:
    """What is kept of a number that a person typed. Raises `WrongField`."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", number).upper() if not c.isspace() and c not in "-–·")
    if not (SHORTEST <= len(plain) <= LONGEST) or not (plain.isascii() and plain.isalnum()):
        raise WrongField(where, f"{SHORTEST} to {LONGEST} letters and digits")
    if kind is DocumentKind.RESIDENT_ID:
        fault = resident_id.fault_of(plain, site.clock.now().astimezone(site.campus.timezone).date())
        if fault is not None:
            raise WrongField(where, f"no number of a resident identity card: {fault.value}")
    return Document(kind, plain[-4:], site.archive.document_hash(kind.value, plain))
