"""The one spelling of a credential's value: what is looked up, listed and turned into tokens.

Promises that `canonical(kind, canonical(kind, value)) == canonical(kind, value)`. Leaves to others whether anybody
holds such a credential.
"""

import unicodedata

from devices.limits import MAX_CREDENTIAL

_KINDS = frozenset({"card", "qr", "pin", "plate"})


def canonical(kind: str, value: str) -> str:
    """Card: upper case. Plate: NFKC, upper case, without spaces and `·`. QR, PIN: as they are.

    ValueError for another kind, for nothing left, for more than 512 characters and for text no message could carry.
    """
    if kind not in _KINDS:
        raise ValueError("not a kind of credential")
    if len(value) > MAX_CREDENTIAL:
        raise ValueError(f"a credential value has at most {MAX_CREDENTIAL} characters")
    if kind == "card":
        value = value.upper()
    elif kind == "plate":
        value = _plate(value)
    if not value or len(value) > MAX_CREDENTIAL:
        raise ValueError(f"a credential value has 1 to {MAX_CREDENTIAL} characters")
    if "\0" in value or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)):
        raise ValueError("a credential value has no NUL and no lone surrogate")
    return value


def _plate(value: str) -> str:
    if value.isascii() and value.isalnum():
        return value.upper()
    previous = None
    # Upper case can undo NFKC for a few Greek and Latin letters (ΐ becomes three characters), so go on until it rests.
    while value != previous:
        previous = value
        value = unicodedata.normalize("NFKC", value).upper()
        value = "".join(character for character in value if character != "·" and not character.isspace())
    return value
