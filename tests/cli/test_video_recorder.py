"""`wardgate video recorder`: the tokens that a recorder knows, whose they are, and why it tells nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.parts.onvif_recorder import PASSWORD, USER, Kept, ServedRecorder


@pytest.fixture
def served() -> Iterator[ServedRecorder]:
    """A recorder on a loop of its own: the command has one, too."""
    recorder = ServedRecorder(kept=[Kept("Rec_1", "Cam_1"), Kept("\\[red]Rec_2", "Cam_2")], ahead=timedelta(hours=8))
    loop, begun = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        async with recorder:
            begun.set()
            await done.wait()

    done = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert begun.wait(10)
    yield recorder
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def configured(wardgate, served) -> None:
    config = wardgate.site / "wardgate.yaml"
    config.write_text(config.read_text("utf-8").replace("video:\n", "video:\n  networks: [127.0.0.0/8]\n", 1), "utf-8")
    secret = wardgate.site / "secrets" / "nvr.password"
    secret.write_text(PASSWORD, "utf-8")
    secret.chmod(0o600)
    recorder = {"id": "nvr", "url": served.url, "user": USER, "password_file": "secrets/nvr.password"}
    source = {"kind": "picture", "url": "http://127.0.0.1/a.jpg"}
    cameras = [
        {"id": f"c{number}", "name": {"en": "C", "zh": "像"}, "zone": "campus", "source": source}
        | {"recorder": {"id": "nvr", "token": token}}
        for number, token in enumerate(("Cam_1", "Rec_9"))
    ]
    (wardgate.site / "cameras.yaml").write_text(json.dumps({"recorders": [recorder], "cameras": cameras}), "utf-8")


@pytest.mark.usefixtures("configured")
def test_it_shows_tokens_times_and_what_is_not_right(wardgate, served) -> None:
    said = wardgate("video", "recorder", "nvr")
    told = wardgate("video", "recorder", "nvr", "--json")

    assert (said.status, told.status) == (1, 1), "of c1 it knows nothing"
    assert "\\[red]Rec_2" in said.out, "what it says is no markup"
    assert "its clock is 28800 s ahead" in said.out or "its clock is 28799 s ahead" in said.out
    assert "it knows no recording of c1" in said.out
    found = {one["token"]: one["camera"] for one in told.json["recordings"]}
    assert (found, told.json["not_listed"]) == ({"Rec_1": "c0", "\\[red]Rec_2": None}, ["c1"])
    assert PASSWORD not in said.out + said.err + told.out + told.err


@pytest.mark.usefixtures("configured")
def test_it_says_why_a_recorder_tells_nothing(wardgate, served) -> None:
    (wardgate.site / "secrets" / "nvr.password").write_text("wrong", "utf-8")

    refused = wardgate("video", "recorder", "nvr")
    unknown = wardgate("video", "recorder", "nvt")

    assert (refused.status, "does not accept the user and password" in refused.err) == (2, True)
    assert (unknown.status, "did you mean 'nvr'?" in unknown.err) == (2, True)
