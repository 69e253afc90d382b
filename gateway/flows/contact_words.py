"""What a telephone number, a mail address and a messenger's address may be. Values only; nothing is asked of anybody.

Promises: full-width digits become plain ones, and what comes out can be dialled, mailed or handed to the messenger of
a closed list; nothing else reaches into this machine or the network behind it.
"""

import re
import unicodedata

from gateway.flows.notice_rules import SCHEMES, messenger_of

PHONE_AT_MOST = 32
MAIL_AT_MOST = 200
MESSENGER_AT_MOST = 300

_PHONE = re.compile(r"\+?[0-9(][0-9 ()-]*(?:[,;#x][0-9]{1,6})?")
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_ADDRESS = re.compile(r"[a-z]+://[A-Za-z0-9._~%:@/?=&+-]+")


def plain_phone(text: str) -> str:
    """The number as it is kept; "" for none. Raises ValueError with a sentence."""
    plain = " ".join(unicodedata.normalize("NFKC", text).replace("–", "-").replace("‐", "-").split())
    if not plain:
        return ""
    if len(plain) > PHONE_AT_MOST or not _PHONE.fullmatch(plain) or sum(c.isdigit() for c in plain) < 3:
        raise ValueError(
            f"expected a telephone number: 3 or more digits, with + - ( ) and spaces, {PHONE_AT_MOST} at most"
        )
    return plain


def plain_mail(text: str) -> str:
    """The address as it is kept; "" for none. Raises ValueError with a sentence."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return ""
    if len(plain) > MAIL_AT_MOST or not _MAIL.fullmatch(plain) or ".." in plain:
        raise ValueError("expected a mail address like name@school.example")
    return plain


def messenger_address(text: str) -> str:
    """A messenger's address as it is kept; "" for none. Raises ValueError with a sentence, which never repeats it."""
    plain = text.strip()
    if not plain:
        return ""
    if len(plain) > MESSENGER_AT_MOST or messenger_of(plain) is None or not _ADDRESS.fullmatch(plain):
        raise ValueError(f"expected an address that begins with one of: {', '.join(f'{name}://' for name in SCHEMES)}")
    return plain
