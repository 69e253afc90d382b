"""Files of secrets: what two schools must never share, each in a file of its own that only its owner can read.

Promises: what is missing or can be read by others is a fault with what to type; no secret stands in one. Leaves to
others: making them (`new_site`), which of them there are besides these keys (`settings`).
"""

import re
import stat
from pathlib import Path

from gateway.config_faults import Fault

SECRETS = ("site", "ledger", "store")
SECRET_BYTES = 32


def secret_text(path: Path, name: str, faults: list[Fault]) -> str | None:
    """A secret file's text; it must be there and be read by its owner alone."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            faults.append(Fault(name, 0, "", "is not a file"))
            return None
        if mode & 0o077:
            faults.append(
                Fault(name, 0, "", f"can be read by others (mode {mode & 0o777:04o}); type: chmod 600 {path}")
            )
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        faults.append(Fault(name, 0, "", "is missing; `wardgate init DIR` makes it"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(name, 0, "", f"cannot be read: {type(error).__name__}"))
    return None


def secret_key(directory: Path, name: str, faults: list[Fault]) -> bytes:
    """One of the keys of a site; empty if it is not as it must be."""
    place = f"secrets/{name}.key"
    text = secret_text(directory / place, place, faults)
    if text is None:
        return b""
    if not re.fullmatch(rf"[0-9a-f]{{{2 * SECRET_BYTES}}}", text):
        faults.append(Fault(place, 1, "", f"expected {2 * SECRET_BYTES} lower-case hex digits"))
        return b""
    return bytes.fromhex(text)
