"""Cameras on HTTP: a picture, a stream of pictures, bad manners on demand, and a small control endpoint.

    GET  /cameras/{id}/picture.jpg       one JPEG; `X-Timestamp` is the camera's own time in seconds since 1970
    GET  /cameras/{id}/stream.mjpg       multipart/x-mixed-replace at the camera's real rate, with `X-Timestamp`
    GET  /cameras                        what there is and what is wrong with it
    POST /cameras/{id}/fault             {"class", "severity", "seconds", "look", "amount"}; DELETE ends one (?class=)
    POST /cameras/{id}/manners           {"manner", "seconds", …}; DELETE: good manners again

Pictures may ask for a name and a password (basic or digest). Control is for the same machine only: it is served to
loopback addresses alone, and wants JSON, which a foreign web page cannot send here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from ipaddress import ip_address
from types import TracebackType
from typing import Any

from aiohttp import web

from firmware_sim.cameras.camera import Camera, Shot
from firmware_sim.cameras.manners import answer_badly, spoil_part
from firmware_sim.cameras.signing_in import Door
from firmware_sim.cameras.site import Cameras

BOUNDARY = "frame-of-the-camera"
SETTLE_EVERY_S = 0.2
IDLE_S = 0.05
"""How often a stream that has nothing to send looks again."""


class CameraServer:
    """The cameras of a site on one port of this machine.

    async with CameraServer(cameras, port=0) as server:
        server.url("cam-north-gate")  # http://127.0.0.1:…/cameras/cam-north-gate/picture.jpg
    """

    def __init__(
        self,
        cameras: Cameras,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        door: Door | None = None,
        control: bool = True,
        workers: int = 1,
    ) -> None:
        self.cameras, self.host, self.port = cameras, host, port
        self._door, self._control = door, control
        self._drawing = ThreadPoolExecutor(workers, thread_name_prefix="asyncio_cameras")
        self._runner: web.AppRunner | None = None
        self._settling: asyncio.Task[None] | None = None
        self.requests: dict[str, int] = {}
        """How often each camera was asked for a picture or a stream."""

    async def __aenter__(self) -> CameraServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; afterwards `port` is the real one."""
        app = web.Application(client_max_size=16 * 1024)
        app.router.add_get("/cameras/{id}/picture.jpg", self._picture)
        app.router.add_get("/cameras/{id}/stream.mjpg", self._stream)
        if self._control:
            app.router.add_get("/cameras", self._list)
            app.router.add_post("/cameras/{id}/fault", self._fault)
            app.router.add_delete("/cameras/{id}/fault", self._mend)
            app.router.add_post("/cameras/{id}/manners", self._misbehave)
            app.router.add_delete("/cameras/{id}/manners", self._behave)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def stop(self) -> None:
        """Close every connection; nothing stays behind."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)
            self._settling = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._drawing.shutdown(wait=True, cancel_futures=True)

    def url(self, camera: str, what: str = "picture.jpg") -> str:
        """Where a camera's picture (or `stream.mjpg`) is."""
        return f"http://{self.host}:{self.port}/cameras/{camera}/{what}"

    # Pictures

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        camera = self._camera(request)
        manner = self.cameras.manner(camera.id)
        if manner is not None:
            shot = await self._shot(camera)
            return await answer_badly(request, manner, shot.jpeg if shot else b"", self.url(camera.id))
        self._let_in(request)
        shot = await self._shot(camera)
        if shot is None:
            # Where no signal comes, the camera itself is gone: nobody answers.
            await asyncio.sleep(3600)
            raise web.HTTPServiceUnavailable
        return web.Response(body=shot.jpeg, content_type="image/jpeg", headers=_headers(shot))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        camera = self._camera(request)
        manner = self.cameras.manner(camera.id)
        if manner is not None and manner.name in ("redirect", "wrong_type", "unauthorized", "refuse", "hang", "empty"):
            return await answer_badly(request, manner, b"", self.url(camera.id, "stream.mjpg"))
        if manner is None:
            self._let_in(request)
        response = web.StreamResponse(
            headers={"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for shot in self._shots(camera):
                head = (
                    f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(shot.jpeg)}\r\n"
                    f"X-Timestamp: {shot.stamp:.6f}\r\n\r\n"
                )
                manner = self.cameras.manner(camera.id)
                if manner is not None:
                    await spoil_part(response, manner, head.encode(), shot.jpeg)
                else:
                    await response.write(head.encode() + shot.jpeg + b"\r\n")
        return response

    async def _shots(self, camera: Camera) -> AsyncIterator[Shot]:
        """Pictures at the rate at which the camera makes them, by the real clock."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            pause_s = camera.pause_s(self.cameras.clock())
            if pause_s is None:
                await asyncio.sleep(IDLE_S)
                due = loop.time()
                continue
            shot = await self._shot(camera)
            if shot is not None:
                yield shot
            # Whoever reads too slowly gets fewer pictures and not older ones.
            due = max(due + pause_s, loop.time() - pause_s)
            # A slow camera that becomes quick again does so at once.
            while (left_s := due - loop.time()) > 0:
                await asyncio.sleep(min(left_s, 0.25))
                now_s = camera.pause_s(self.cameras.clock())
                if now_s is None or now_s < pause_s / 2:
                    break

    async def _shot(self, camera: Camera) -> Shot | None:
        return await asyncio.get_running_loop().run_in_executor(self._drawing, camera.shot, self.cameras.clock())

    def _camera(self, request: web.Request) -> Camera:
        name = request.match_info["id"]
        if name not in self.cameras:
            raise web.HTTPNotFound
        self.requests[name] = self.requests.get(name, 0) + 1
        return self.cameras[name]

    def _let_in(self, request: web.Request) -> None:
        if self._door is None:
            return
        wanted = self._door.refusal(request.method, request.raw_path, request.headers.get("Authorization"))
        if wanted is not None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": wanted})

    # Control

    async def _list(self, request: web.Request) -> web.Response:
        _only_here(request)
        on = self.cameras.open()
        return web.json_response(
            [
                {
                    "id": camera.id, "kind": camera.kind, "size": [camera.width, camera.height], "fps": camera.fps,
                    "faults": [
                        {"class": one.finding, "severity": one.severity, "look": one.appearance, "from_s": one.from_s}
                        for one in on if one.camera == camera.id
                    ],
                    "manner": manner.name if (manner := self.cameras.manner(camera.id)) else None,
                }
                for camera in self.cameras
            ]
        )  # fmt: skip

    async def _fault(self, request: web.Request) -> web.Response:
        camera, said = await self._said(request, {"class", "severity", "seconds", "look", "amount"})
        try:
            spell = self.cameras.fault(
                camera.id, str(said.get("class", "")), said.get("severity", 3), said.get("seconds"),
                str(said.get("look") or ""), said.get("amount"),
            )  # fmt: skip
        except (ValueError, TypeError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        until = spell.to_s if said.get("seconds") is not None else None
        return web.json_response({"class": spell.finding, "from_s": spell.from_s, "to_s": until})

    async def _mend(self, request: web.Request) -> web.Response:
        _only_here(request)
        camera = self._camera(request)
        ended = self.cameras.clear(camera.id, request.query.get("class"))
        return web.json_response({"ended": [spell.finding for spell in ended]})

    async def _misbehave(self, request: web.Request) -> web.Response:
        camera, said = await self._said(request, None)
        manner, seconds = str(said.pop("manner", "")), said.pop("seconds", None)
        try:
            self.cameras.misbehave(camera.id, manner, seconds, **said)
        except (ValueError, TypeError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"manner": manner})

    async def _behave(self, request: web.Request) -> web.Response:
        _only_here(request)
        self.cameras.behave(self._camera(request).id)
        return web.json_response({"manner": None})

    async def _said(self, request: web.Request, known: set[str] | None) -> tuple[Camera, dict[str, Any]]:
        _only_here(request)
        camera = self._camera(request)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="expected application/json")
        try:
            said = await request.json()
        except ValueError as error:
            raise web.HTTPBadRequest(text="expected JSON") from error
        if not isinstance(said, dict) or (known is not None and set(said) - known):
            raise web.HTTPBadRequest(text=f"expected an object with {', '.join(sorted(known or ()))}")
        return camera, said

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            self.cameras.settle()


def _headers(shot: Shot) -> dict[str, str]:
    return {
        "X-Timestamp": f"{shot.stamp:.6f}",
        "Last-Modified": formatdate(shot.stamp, usegmt=True),
        "Cache-Control": "no-store",
    }


def _only_here(request: web.Request) -> None:
    """Faults are set from this machine only, and not by a page that a browser has open."""
    try:
        near = ip_address(request.remote or "").is_loopback
    except ValueError:
        near = False
    if not near or "Origin" in request.headers:
        raise web.HTTPForbidden
