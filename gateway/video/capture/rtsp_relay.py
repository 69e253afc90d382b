"""Stands between FFmpeg and an RTSP camera: opens the connection to the judged address itself.

Promises: FFmpeg, in its own process, is only ever given an address of this machine and a port that takes one
connection; whatever the camera answers is read first (`rtsp_watch`), so that no redirect is followed; TLS towards the
camera is ours. Leaves to others: the stream's pictures (`streams`).

FFmpeg would look up names anew, follow a redirect anywhere, and print addresses with passwords.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from concurrent.futures import Executor

from gateway.video.capture.address import NO_TLS, Networks, NotThere, Target
from gateway.video.capture.rtsp_watch import RtspWatch
from gateway.video.jobs import Reason

_READ = 256 * 1024


class Relay:
    """One connection to one camera, offered to one process on a port of this machine."""

    def __init__(self) -> None:
        self.watch = RtspWatch()
        self.ended: NotThere | None = None
        """Why the camera's side is over; None while it runs, and if our own side ended it."""
        self.port = 0
        self._camera: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._reader: asyncio.StreamReader | None = None

    async def open(self, target: Target, networks: Networks, names: Executor, timeout_s: float) -> None:
        """Connect to the camera and offer it at `port`."""
        addresses = await networks.find(target, names)
        tls = _tls() if target.scheme == "rtsps" else None
        try:
            async with asyncio.timeout(timeout_s):
                self._reader, self._camera = await _connect(addresses, target.port, tls)
        except TimeoutError as error:
            raise NotThere(Reason.SILENT, "it did not take the connection in time") from error
        except ConnectionRefusedError as error:
            raise NotThere(Reason.REFUSED, "nobody listens at its address") from error
        except ssl.SSLError as error:
            raise NotThere(Reason.BAD_STREAM, NO_TLS) from error
        except OSError as error:
            raise NotThere(Reason.UNREACHABLE, "its address cannot be reached") from error
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, backlog=1)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End both sides."""
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        if self._camera is not None:
            self._camera.close()
            # Not awaited for long: a camera that does not answer a TLS goodbye keeps nobody.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(0.5):
                    await self._camera.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None or self._pumps:
            writer.close()
            return
        # One connection for one process; a second one is somebody else.
        self._server.close()
        assert self._camera is not None and self._reader is not None
        for pump in (self._from_camera(self._reader, writer), self._to_camera(reader, self._camera)):
            self._pumps.add(asyncio.ensure_future(pump))

    async def _from_camera(self, camera: asyncio.StreamReader, inside: asyncio.StreamWriter) -> None:
        try:
            while data := await camera.read(_READ):
                if passed := self.watch.feed(data, time.monotonic()):
                    inside.write(passed)
                    await inside.drain()
            self.ended = NotThere(Reason.CLOSED, "it ended the connection")
        except NotThere as reason:
            self.ended = reason
        except OSError:
            self.ended = NotThere(Reason.CLOSED, "it ended the connection")
        finally:
            inside.close()

    async def _to_camera(self, inside: asyncio.StreamReader, camera: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await inside.read(_READ):
                camera.write(data)
                await camera.drain()
        camera.close()


async def _connect(
    addresses: list[str], port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address that takes it; what the last one said otherwise."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(address, port, ssl=tls)
    return await asyncio.open_connection(addresses[-1], port, ssl=tls)


def _tls() -> ssl.SSLContext:
    # Cameras make their own certificates; who answers is settled by the network that they are in.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
