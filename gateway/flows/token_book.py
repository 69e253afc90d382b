"""Whose credential a token stands for: a device that decided alone names credentials only by its own tokens.

The table of one device is made when it is first asked for, in a thread, and only the newest is kept: after an outage a
device tells hundreds of them in a row, and otherwise none for weeks.
"""

import asyncio

from devices.signing import token
from gateway.core.nouns import Credential, Directory
from gateway.flows.devices import Device


class TokenBook:
    """Looks up credentials by a device's token."""

    def __init__(self) -> None:
        self._for: tuple[str, bytes, int] | None = None
        self._table: dict[str, Credential] = {}
        self._lock = asyncio.Lock()

    async def whose(self, device: Device, directory: Directory, wanted: str) -> Credential | None:
        """The credential that `device` knows as `wanted`, or None."""
        async with self._lock:
            key = (device.id, device.token_key, directory.version)
            if self._for != key:
                self._table = await asyncio.to_thread(tokens_of, device.token_key, directory)
                self._for = key
            return self._table.get(wanted)


def tokens_of(token_key: bytes, directory: Directory) -> dict[str, Credential]:
    """Every credential by its token under a device's key."""
    return {
        token(token_key, credential.kind.value, credential.value): credential
        for credential in directory.credentials.values()
    }
