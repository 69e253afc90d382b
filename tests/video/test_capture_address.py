"""The one door through which pictures are fetched: which addresses it opens, and that a name cannot change its mind."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from ipaddress import ip_address, ip_network

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cameras import Source, SourceKind
from gateway.video.capture.address import Networks, NotThere, take_apart
from gateway.video.capture.web_camera import WebCameras
from gateway.video.jobs import Reason

CAMERAS = ("10.20.0.0/16", "fd00:20::/32")


class Names(Executor):
    """A name service that answers what a test says, one list after the other, and counts how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        future.set_result([ip_address(text) for text in self.answers[min(self.asked, len(self.answers) - 1)]])
        self.asked += 1
        return future


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://10.20.0.7/a.jpg",
        "gopher://10.20.0.7/",
        "//10.20.0.7/a.jpg",
        "http:///a.jpg",
        "http://li:secret@10.20.0.7/",
        "http://10.20.0.7\\@evil.example/",
        "http://10.20.0.7 /",
        "http://10.20.0.7:0/",
        "http://10.20.0.7:99999/",
        "http://169090567/",
        "http://0x0a140007/",
        "http://0xa.0x14.0.7/",
        "http://012.024.0.7/",
        "http://10.20.7/",
        "http://10.20.0.7./x/../",
        "http://10.20.0.007/",
        "http://[fd00:20::1%25eth0]/",
        "http://[10.20.0.7]/",
        "http://-a.example/",
        "http://a..example/",
        "http://" + "a." * 200 + "example/",
        "http://１０.２０.０.７/",
        "http://10.20.0.7/\r\nHost: evil",
    ],
)
def test_an_address_is_written_in_one_way_or_refused(url):
    with pytest.raises(NotThere) as refused:
        take_apart(url)

    assert refused.value.reason is Reason.BAD_ADDRESS
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "10.21.0.7",
        "169.254.169.254",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:10.20.0.7]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a14:7]",
        "[fe80::1]",
    ],
)
async def test_what_is_not_in_the_camera_networks_is_outside(host):
    with ThreadPoolExecutor(1) as names, pytest.raises(NotThere) as refused:
        await Networks(CAMERAS).find(take_apart(f"http://{host}/a.jpg"), names)

    assert refused.value.reason is Reason.OUTSIDE


@pytest.mark.parametrize("host", ["10.20.0.7", "[fd00:20::7]"])
async def test_a_camera_in_its_network_is_found(host):
    found = await Networks(CAMERAS).find(take_apart(f"rtsp://{host}/live"), Names())

    assert found == [host.strip("[]")]


async def test_every_address_of_a_name_has_to_be_inside():
    networks = Networks(CAMERAS)

    assert await networks.find(take_apart("http://yard.example/"), Names(["10.20.0.7", "10.20.0.8"])) == [
        "10.20.0.7",
        "10.20.0.8",
    ]
    with pytest.raises(NotThere) as refused:
        await networks.find(take_apart("http://yard.example/"), Names(["10.20.0.7", "192.168.1.1"]))
    assert refused.value.reason is Reason.OUTSIDE


@settings(max_examples=40)
@given(st.ip_addresses())
def test_only_what_lies_inside_is_ever_allowed(address):
    inside = any(address.version == network.version and address in network for network in map(ip_network, CAMERAS))

    assert Networks(CAMERAS).allow(address) <= inside
    assert not Networks(()).allow(address)


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(text):
    for url in (text, f"http://{text}", f"rtsp://{text}/live"):
        try:
            target = take_apart(url)
        except NotThere:
            continue
        assert target.scheme in ("http", "https", "rtsp", "rtsps")
        assert "@" not in target.authority


async def test_the_connection_goes_to_the_address_that_was_judged():
    """A name that is harmless when it is judged and points inwards a moment later reaches nobody (DNS rebinding)."""
    asked = []

    async def answer(request):
        asked.append(request.host)
        return web.Response(body=b"\xff\xd8\xff", content_type="image/jpeg", headers={"Connection": "close"})

    app = web.Application()
    app.router.add_get("/a.jpg", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    names = Names(["127.0.0.1"], ["127.0.0.66"])
    cameras = WebCameras(Networks(["127.0.0.1/32"]), names)
    try:
        source = Source(SourceKind.PICTURE, f"http://yard.example:{port}/a.jpg")
        await cameras.picture("yard", source, 5.0)
        assert names.asked == 1
        with pytest.raises(NotThere) as refused:
            await cameras.picture("yard", source, 5.0)
    finally:
        await cameras.close()
        await runner.cleanup()

    assert refused.value.reason is Reason.OUTSIDE
    assert asked == [f"yard.example:{port}"]
