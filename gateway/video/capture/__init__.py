"""What runs in the eye's child processes: fetching pictures, and decoding and measuring them.

The gateway's own process imports nothing from here but `wire` and `limits`; `gateway.video.eye` starts
`python -m gateway.video.capture` and talks to it over pipes.

    gateway ── pipes ── eye (asyncio: addresses, HTTP, RTSP relays) ── zygote (OpenCV loaded, nothing hostile read)
                            └── sockets ── decoders and stream readers, forked by the zygote, with limits
"""
