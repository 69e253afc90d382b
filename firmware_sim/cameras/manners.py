"""Cameras that answer badly: what a broken, an overloaded or a hostile one sends in place of a picture.

| manner | what whoever asks gets |
| --- | --- |
| hang | an open connection and nothing else |
| drip | the head, then one byte a second (`every_s`) |
| endless | a JPEG that never ends, as fast as it is read |
| truncated | half of a JPEG, said to be whole |
| huge_header | a small JPEG that says of itself that it is 50,000 × 50,000 |
| redirect | 302 to somewhere else (`location`) |
| wrong_type | a web page with 200, as a camera's sign-in page is |
| unauthorized | 401, whatever the password |
| refuse | the connection is cut without a word |
| empty | 200 and nothing |
"""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from firmware_sim.cameras.site import Manner

FOR_EVER_S = 3_600.0
PIECE = 64 * 1024
HUGE = 50_000


async def answer_badly(request: web.Request, manner: Manner, jpeg: bytes, url: str) -> web.StreamResponse:
    """The answer of a camera with these manners; ends when the other side goes away or the server stops."""
    match manner.name:
        case "hang":
            await asyncio.sleep(FOR_EVER_S)
        case "refuse":
            if request.transport is not None:
                request.transport.abort()
        case "redirect":
            raise web.HTTPFound(str(manner.how.get("location") or f"{url}?again"))
        case "unauthorized":
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="camera"'})
        case "wrong_type":
            return web.Response(
                text="<!doctype html><title>Sign in</title><p>Please sign in.", content_type="text/html"
            )
        case "empty":
            return web.Response(body=b"", content_type="image/jpeg")
        case "truncated":
            return web.Response(body=jpeg[: len(jpeg) // 2], content_type="image/jpeg")
        case "huge_header":
            return web.Response(body=huge(jpeg), content_type="image/jpeg")
        case "drip":
            response = web.StreamResponse(headers={"Content-Type": "image/jpeg", "Content-Length": str(len(jpeg))})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                await _drip(response, jpeg, manner)
            return response
        case "endless":
            response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                await _without_end(response, jpeg)
            return response
    return web.Response(status=503)


async def spoil_part(response: web.StreamResponse, manner: Manner, head: bytes, jpeg: bytes) -> None:
    """One part of a stream with these manners."""
    match manner.name:
        case "drip":
            await _drip(response, head + jpeg, manner)
        case "endless":
            await response.write(head.replace(str(len(jpeg)).encode(), b"999999999999"))
            await _without_end(response, jpeg)
        case "truncated":
            half = jpeg[: len(jpeg) // 2]
            await response.write(head.replace(str(len(jpeg)).encode(), str(len(half)).encode()) + half + b"\r\n")
        case "huge_header":
            await response.write(head + huge(jpeg) + b"\r\n")
        case _:
            await asyncio.sleep(FOR_EVER_S)


def huge(jpeg: bytes) -> bytes:
    """The JPEG with another size in its frame header."""
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        if jpeg[at + 1] in (0xC0, 0xC1, 0xC2):
            size = HUGE.to_bytes(2, "big") * 2
            return jpeg[: at + 5] + size + jpeg[at + 9 :]
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg


async def _drip(response: web.StreamResponse, data: bytes, manner: Manner) -> None:
    for number in range(len(data)):
        await response.write(data[number : number + 1])
        await asyncio.sleep(float(manner.how.get("every_s", 1.0)))


async def _without_end(response: web.StreamResponse, jpeg: bytes) -> None:
    await response.write(jpeg[:-2])
    while True:
        await response.write(bytes(PIECE))
        await asyncio.sleep(0)
