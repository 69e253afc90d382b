"""How people are named whom only a registration made known: by their document, as no school names anybody.

Whoever has such an id is erased with their last visit; so the school's own tables must not give one.
"""

import re

PREFIX = "v-"
HEX = "0123456789abcdef"
LENGTH = 20
"""80 bits of the document's hash, so that no table has to join the two."""
_LIKE_OURS = re.compile(rf"{PREFIX}[{HEX}]{{{LENGTH}}}", re.IGNORECASE)


def visitor_id(document_hash: str) -> str:
    """The id of the person with this document."""
    return f"{PREFIX}{document_hash[:LENGTH]}"


def looks_like_one(id: str) -> bool:
    """True for an id that could be a visitor's, in small letters or capitals."""
    return _LIKE_OURS.fullmatch(id) is not None
