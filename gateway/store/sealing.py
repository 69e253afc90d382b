"""Seals what the database keeps for others (device keys, broker passwords) under a key that is not in the database.

A stolen backup opens nothing without the configuration's `secrets/store.key`.
"""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken


class WrongStoreKey(Exception):
    """What the database holds was sealed under another store key."""


class Sealer:
    """Seals and opens short secrets with a 32-byte key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._document_key = hmac.digest(key, b"documents", "sha256")

    def document_hash(self, kind: str, number: str) -> str:
        """The keyed hash of a document's number: the same for the same document, and no way back without the key."""
        return hmac.new(self._document_key, f"{kind}\n{number}".encode(), "sha256").hexdigest()

    def seal(self, secret: bytes) -> str:
        """The sealed text of `secret`."""
        return self._fernet.encrypt(secret).decode()

    def open(self, sealed: str) -> bytes:
        """What was sealed. Raises `WrongStoreKey`."""
        try:
            return self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            raise WrongStoreKey("the store key of the configuration does not open what this database holds") from None
