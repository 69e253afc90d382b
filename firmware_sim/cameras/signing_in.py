"""How a camera asks who wants its picture: basic or digest (RFC 7616), as camera makers ship them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

REALM = "camera"
NONCES = 1_000
"""So many are remembered; the oldest is forgotten, and its owner asked again."""
_PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(slots=True)
class Door:
    """One name and one password for all cameras of a server."""

    user: str
    password: str
    scheme: str = "basic"
    """basic or digest"""
    algorithm: str = "MD5"
    """of digest: MD5 or SHA-256"""
    _counts: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        if self.scheme not in ("basic", "digest") or self.algorithm not in ("MD5", "SHA-256"):
            raise ValueError("expected basic or digest, MD5 or SHA-256")

    def refusal(self, method: str, uri: str, said: str | None) -> str | None:
        """None if they may in, else what `WWW-Authenticate` asks for."""
        scheme, _, rest = (said or "").partition(" ")
        if self.scheme == "basic":
            good = scheme.lower() == "basic" and hmac.compare_digest(
                rest.strip().encode(), base64.b64encode(f"{self.user}:{self.password}".encode())
            )
            return None if good else f'Basic realm="{REALM}", charset="UTF-8"'
        if scheme.lower() == "digest" and self._digest_is_good(method, uri, rest):
            return None
        nonce = secrets.token_hex(16)
        self._counts[nonce] = 0
        while len(self._counts) > NONCES:
            self._counts.popitem(last=False)
        return f'Digest realm="{REALM}", qop="auth", algorithm={self.algorithm}, nonce="{nonce}"'

    def _digest_is_good(self, method: str, uri: str, rest: str) -> bool:
        said = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest)}
        nonce = said.get("nonce", "")
        try:
            count = int(said.get("nc", ""), 16)
        except ValueError:
            return False
        # The same answer does not open twice: its count must grow.
        if said.get("uri") != uri or said.get("qop") != "auth" or count <= self._counts.get(nonce, count):
            return False
        whole = ":".join(
            (
                self._hash(f"{self.user}:{REALM}:{self.password}"),
                nonce,
                said.get("nc", ""),
                said.get("cnonce", ""),
                "auth",
                self._hash(f"{method}:{uri}"),
            )
        )
        if said.get("username") != self.user or not hmac.compare_digest(said.get("response", ""), self._hash(whole)):
            return False
        self._counts[nonce] = count
        return True

    def _hash(self, text: str) -> str:
        name = "md5" if self.algorithm == "MD5" else "sha256"
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
