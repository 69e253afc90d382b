"""What a kiosk sealed while the gateway was out of reach: a public key in the page, the private one here.

Theory. The browser makes a key pair for each registration, agrees with the gateway's public key on a secret (ECDH on
P-256), makes an AES-256-GCM key of it (HKDF-SHA256, salted with both public keys) and forgets its own private key: from
then on only the gateway can read what was typed. The registration's own key is bound to it, so that no box can be told
under another's name. The gateway's private key follows from the store's key in the secrets folder, so it is there on
every site, lies in every backup that could restore the database, and is nothing more to lose.

Promises: what does not open is `Unreadable` and nothing else. Leaves to others: what is inside (`visits`).
"""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the curve has (FIPS 186-5): private keys are 1 to this, exclusive."""
PUBLIC_BYTES, NONCE_BYTES, KEY_BYTES, TAG_BYTES = 65, 12, 32, 16
FOR_KEY = b"wardgate offline registrations"
FOR_BOX = b"wardgate offline registration"


class Unreadable(ValueError):
    """Not sealed for this gateway, or changed since."""


class OfflineBox:
    """Opens what was sealed with `public`."""

    def __init__(self, secret: bytes | None) -> None:
        wide = HKDF(SHA256(), 48, None, FOR_KEY).derive(secret or secrets.token_bytes(KEY_BYTES))
        self._private = ec.derive_private_key(int.from_bytes(wide) % (ORDER - 1) + 1, CURVE)
        self._public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def public(self) -> str:
        """The public key for the page: an uncompressed point, in base64."""
        return base64.b64encode(self._public).decode()

    def open(self, box: str, key: str) -> bytes:
        """What was sealed under the registration's `key`. Raises `Unreadable`."""
        try:
            raw = base64.b64decode(box, validate=True)
            theirs = raw[:PUBLIC_BYTES]
            nonce, sealed = raw[PUBLIC_BYTES : PUBLIC_BYTES + NONCE_BYTES], raw[PUBLIC_BYTES + NONCE_BYTES :]
            if len(sealed) < TAG_BYTES:
                raise Unreadable("too short")
            shared = self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
            under = HKDF(SHA256(), KEY_BYTES, theirs + self._public, FOR_BOX).derive(shared)
            return AESGCM(under).decrypt(nonce, sealed, key.encode())
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Unreadable(str(error) or type(error).__name__) from None
