"""Sends notices by apprise, each in a thread of its own with an end.

Promises: answers within `WITHIN_S` and raises nothing; at most `AT_ONCE` threads are at it, one that hangs ends with
its socket's time-out and never keeps the gateway from ending; apprise writes no file, reads no configuration and logs
nothing, because its lines have addresses in them. Leaves to others: what is said and whether it is tried again.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import structlog

from gateway.flows.ports import Delivered, Message, Recipient
from gateway.notices.channels import Channels

log = structlog.get_logger(__name__)

WITHIN_S = 25.0
AT_ONCE = 8
SOCKET_S = 10
"""To connect, and again for each answer."""
SILENT = ("apprise", "urllib3", "requests")


class AppriseMessenger:
    """One for a gateway."""

    def __init__(self, channels: Channels) -> None:
        for name in SILENT:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._channels = channels
        self._free = asyncio.Semaphore(AT_ONCE)

    async def send(self, to: Recipient, message: Message) -> Delivered:
        """By every channel that reaches the recipient; one that takes it is enough."""
        addresses = self._channels.to(to)
        if not addresses:
            return Delivered((), ("no_address",))
        names = sorted(addresses)
        took = await asyncio.gather(*(self._one(name, addresses[name], message) for name in names))
        return Delivered(
            tuple(name for name, ok in zip(names, took, strict=True) if ok),
            tuple(name for name, ok in zip(names, took, strict=True) if not ok),
        )

    async def _one(self, channel: str, address: str, message: Message) -> bool:
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._free.acquire()
                # Let go by the thread itself: one that hangs counts until it has ended.
                return await _in_a_thread(lambda: _notify(address, message), self._free)
        except TimeoutError:
            log.warning("notice_channel_slow", channel=channel)
            return False


async def _in_a_thread(act: Callable[[], bool], held: asyncio.Semaphore) -> bool:
    """In a daemon's thread: a server that never answers does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def finish(took: bool) -> None:
        held.release()
        if not done.done():
            done.set_result(took)

    def run() -> None:
        took = act()
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(finish, took)
            except RuntimeError:
                pass  # the loop has closed in this moment: nobody waits any more

    threading.Thread(target=run, name="notice", daemon=True).start()
    return await done


def _notify(address: str, message: Message) -> bool:
    """True if the channel took it. Whatever goes wrong inside is a no: its words would have the address in them."""
    try:
        service = service_of(address)
        return service is not None and bool(service.notify(body=message.body, title=message.title))
    except Exception as error:
        log.warning("notice_channel_failed", error=type(error).__name__)
        return False


def service_of(address: str) -> Any:
    """Apprise's own object for an address; None for one that it does not know."""
    import apprise  # late: it takes half a second, and most gateways start without a notice to send

    asset = apprise.AppriseAsset(
        storage_mode=apprise.PersistentStoreMode.MEMORY, secure_logging=True, app_id="Wardgate", app_desc="Wardgate"
    )
    service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if service is not None:
        service.socket_connect_timeout = service.socket_read_timeout = SOCKET_S
    return service
