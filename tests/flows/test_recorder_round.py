"""Recorders are asked in turn: what they tell becomes findings and is over again, and none keeps another waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.messages import Recording
from gateway.core.recordings import Answer, Held, Recorder, RecorderOf, Status, Trouble
from gateway.flows import maintenance, recorders
from gateway.flows.cameras import RecorderState
from gateway.flows.recorder_round import RecorderRound
from gateway.video.capture import web_recorder
from gateway.video.capture.address import Networks
from tests.flows.camera_house import CameraHouse, a_camera, camera_house
from tests.parts.onvif_recorder import PASSWORD, USER, Kept, ServedRecorder

CAMERAS = (
    a_camera("yard", device="lane", recorder=RecorderOf("nvr-1", "Cam_1")),
    a_camera("gate", recorder=RecorderOf("nvr-1", "Rec_2"), is_key_site=True, keep_days=90),
    a_camera("hall", zone="dorm-1", recorder=RecorderOf("sd-card")),
)


@dataclass
class Scene:
    """A house, its recorders' round, and what is answered in place of asking, where something is."""

    made: CameraHouse
    round: RecorderRound
    instead: dict[str, Answer]

    async def turn(self, seconds: float = 330.0) -> None:
        """Time passes until each recorder has had its turn; the gateway looks as it does each second."""
        self.made.house.clock.go_on(seconds)
        await self.round.look()
        await asyncio.gather(*self.round._under_way.values())
        await self.made.look()

    def found(self, camera: str) -> set[str]:
        return {finding.value for finding in self.made.state(camera).spells}

    def recorder(self, id: str) -> RecorderState:
        return self.made.house.site.cameras.recorders[id]

    async def rows(self) -> list[tuple[str, str]]:
        await self.made.house.settle()
        return [(row["recorder"], row["state"]) for row in await self.made.house.rows("recorder_asked")]


def held(token: str = "SD", latest_s: float = 10.0, status: Status = Status.STOPPED) -> Answer:
    now = datetime.now(UTC)
    return Answer(now, (Held(token, "", "", "", status, now - timedelta(days=35), now - timedelta(seconds=latest_s)),))


@pytest.fixture
async def served() -> AsyncIterator[ServedRecorder]:
    async with ServedRecorder() as made:
        yield made


@pytest.fixture
async def scene(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, served: ServedRecorder
) -> AsyncIterator[Scene]:
    networks = Networks(["127.0.0.0/8"])
    async with camera_house(tmp_path_factory, tmp_path, CAMERAS) as made:
        with ThreadPoolExecutor(1) as names:
            instead = {"sd-card": held()}

            async def ask(recorder: Recorder, tokens: tuple[str, ...]) -> Answer:
                given = instead.get(recorder.id)
                return given or await web_recorder.ask(recorder, tokens, networks, names)

            site = made.house.site
            for recorder in (Recorder("nvr-1", served.url, USER, PASSWORD), Recorder("sd-card", "http://127.0.0.1:1/")):
                site.cameras.recorders[recorder.id] = RecorderState(recorder)
            round = RecorderRound(site, ask)
            await round.look()  # plans the first turns
            yield Scene(made, round, instead)
            await round.stop()


async def test_what_a_recorder_tells_is_found_and_is_over_and_maintenance_does_not_silence_it(
    scene: Scene, served: ServedRecorder
) -> None:
    site, first = scene.made.house.site, served.kept[0]
    served.kept[1].earliest = timedelta(days=120)
    served.ahead = timedelta(minutes=17)
    await scene.turn()
    told = recorders.state(site, "yard")
    healthy = [scene.found(camera) for camera in ("yard", "gate", "hall")]
    assert told is not None
    assert (told.ok, told.free_bytes, round(told.days_kept or 0), told.growing) == (True, None, 40, True)

    first.status, first.latest = "Stopped", timedelta(minutes=50)
    now = scene.made.house.clock.now()
    await maintenance.announce(
        site, cameras=["yard", "gate"], starts_at=now, ends_at=now + timedelta(hours=2), reason="new lens", by="m-1"
    )
    served.kept[1].earliest = timedelta(days=50)  # 70 days are gone: removed before their time
    await scene.turn()
    await scene.turn()
    stopped, short = scene.found("yard"), scene.found("gate")
    alarm, late = (
        scene.made.alarm(f"camera_{what}", at) for what, at in (("not_recording", "yard"), ("retention_short", "gate"))
    )
    details = (alarm.detail, late.detail)

    first.status, first.latest = "Recording", timedelta(seconds=5)
    served.kept[1].earliest = timedelta(days=95)
    await scene.turn()

    assert healthy == [set(), set(), set()]
    assert (stopped, short) == ({"not_recording"}, {"retention_short"})
    assert details == (
        "it says Stopped, its newest recording is 50 min old; its clock is 17 min ahead",
        "50.0/90 d; its clock is 17 min ahead",
    )
    assert (scene.found("yard"), scene.found("gate")) == (set(), set())
    assert scene.made.alarm("camera_not_recording", "yard").state == "returned"
    assert sorted(await scene.rows()) == [("nvr-1", "answers"), ("sd-card", "answers")], "once, not at each turn"
    assert served.refused == 0


async def test_a_recorder_that_cannot_be_asked_is_missed_with_its_reason_until_it_answers(
    scene: Scene, served: ServedRecorder
) -> None:
    await scene.turn()
    scene.instead["sd-card"] = Answer(
        datetime.now(UTC), trouble=Trouble.CREDENTIALS, detail="it does not accept the user"
    )
    scene.instead["nvr-1"] = Answer(datetime.now(UTC), trouble=Trouble.OURS, detail="the eye is starting")
    for _ in range(2):
        await scene.turn()
    soon = scene.found("hall")
    scene.made.house.site.broker_connected = False  # it is not asked over the broker
    for _ in range(3):
        await scene.turn()

    state = scene.recorder("sd-card")
    assert (soon, scene.found("hall")) == (set(), {"not_recording"})
    assert scene.made.alarm("camera_not_recording", "hall").detail == (
        "its recorder cannot be asked: it does not accept the user"
    )
    assert state.trouble_of("hall") is Trouble.CREDENTIALS
    assert scene.found("yard") == set(), "what is our own fault is held against nobody"

    scene.instead["sd-card"] = held()
    del scene.instead["nvr-1"]
    served.kept = [Kept("Rec_2", "Cam_2", timedelta(days=95))]  # of the other it knows nothing any more
    for _ in range(4):
        await scene.turn()

    assert (scene.found("hall"), scene.found("gate"), scene.found("yard")) == (set(), set(), {"not_recording"})
    assert scene.made.alarm("camera_not_recording", "yard").detail == "its recorder knows no recording of it"
    assert scene.recorder("nvr-1").trouble_of("yard") is Trouble.NOT_LISTED
    assert scene.recorder("nvr-1").trouble_of("gate") is None
    assert (await scene.rows())[2:] == [("sd-card", "credentials"), ("sd-card", "answers")]


async def test_a_recording_that_may_be_behind_the_cut_is_shown_as_such_and_not_missed(scene: Scene) -> None:
    scene.instead["nvr-1"] = replace(held("Cam_1"), is_cut=True)
    for _ in range(5):
        await scene.turn()

    assert scene.found("gate") == set()
    assert scene.recorder("nvr-1").trouble_of("gate") is Trouble.NOT_SEEN
    assert scene.recorder("nvr-1").trouble_of("yard") is None


def dated(oldest_days: float, ahead_s: float | None, latest_s: float = 10.0) -> Answer:
    """What a recorder with its stamps as they are says once its clock was set."""
    answer = held(latest_s=latest_s)
    (one,) = answer.held
    earliest = answer.told_at - timedelta(days=oldest_days)
    return replace(answer, held=(replace(one, earliest=earliest),), clock_ahead_s=ahead_s)


@pytest.mark.parametrize("between", [[], [None], [None, None]])
async def test_a_clock_that_was_set_makes_no_growing_recorder_short(scene: Scene, between: list[None]) -> None:
    for oldest_days, ahead_s in ((10.0, 8 * 3_600.0), *((9.6, none) for none in between), (9.6, 1.0), (9.6, None)):
        scene.instead["sd-card"] = dated(oldest_days, ahead_s)
        await scene.turn()
        told = recorders.state(scene.made.house.site, "hall")
        assert scene.found("hall") == set()
        assert told is not None
        assert (told.oldest_at is None) == (ahead_s is None), "without its clock its dates are nobody's"

    scene.instead["sd-card"] = dated(9.4, 1.0)  # and removing is found as before, and stays found
    await scene.turn()
    short = scene.found("hall")
    scene.instead["sd-card"] = dated(9.4, 400.0)
    await scene.turn()

    assert (short, scene.found("hall")) == ({"retention_short"}, {"retention_short"})


async def test_one_refusal_alone_is_asked_again_as_usual_and_only_a_second_one_late(scene: Scene) -> None:
    refused = Answer(datetime.now(UTC), trouble=Trouble.CREDENTIALS, detail="it does not accept the user")
    scene.instead["sd-card"] = refused
    await scene.turn()
    scene.instead["sd-card"] = held()
    for _ in range(3):
        await scene.turn()
        assert scene.found("hall") == set()

    scene.instead["sd-card"] = refused
    await scene.turn()
    await scene.turn()
    asked_at = scene.recorder("sd-card").asked_at
    await scene.turn()
    await scene.turn()

    assert scene.recorder("sd-card").asked_at == asked_at, "many lock one out who goes on"


async def test_one_that_hangs_keeps_no_other_waiting_and_the_cameras_own_word_does_not_count(scene: Scene) -> None:
    site, hangs = scene.made.house.site, asyncio.Event()
    asked: list[str] = []

    async def ask(recorder: Recorder, _: tuple[str, ...]) -> Answer:
        asked.append(recorder.id)
        if recorder.id == "nvr-1":
            await hangs.wait()
        return held()

    round = RecorderRound(site, ask)
    for _ in range(4):
        scene.made.house.clock.go_on(330)
        await round.look()  # the first only plans
        await asyncio.sleep(0)
        await scene.made.house.settle()
    await round.stop()

    assert sorted(asked) == ["nvr-1", "sd-card", "sd-card", "sd-card"]
    assert recorders.state(site, "hall") is not None
    said = Recording(ok=False, free_bytes=1, oldest_at=scene.made.house.clock.now())
    device = site.devices.get("lane")
    assert device is not None
    await recorders.heard(site, device, said)
    assert scene.found("yard") == set()
