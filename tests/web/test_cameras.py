"""Cameras over the API: how each stands, that every check is on record, and what people do about what was found."""

import asyncio
import io
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.core.cameras import Finding, Miss
from gateway.core.recordings import Recorder, RecorderOf, Trouble
from gateway.flows import recorders
from gateway.flows.cameras import RecorderState
from gateway.web.camera_views import state_of
from tests.web.camera_scene import EIGHT, JPEG, CameraPost, a_camera
from tests.web.guardpost import GuardPost

API = "/api/v1"


@pytest.fixture
async def cameras(post: GuardPost) -> CameraPost:
    """The guard post with eight cameras of which nothing is known yet."""
    return await CameraPost.at(post)


async def ask(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    more = {} if body is None else {"json": body}
    async with client.request(method, f"{API}/{path}", **more) as answer:
        return answer.status, await answer.json()


def one(listed: Any, id: str) -> Any:
    return next(camera for camera in listed["cameras"] if camera["id"] == id)


async def test_the_list_says_of_each_camera_how_it_stands_and_since_when(cameras: CameraPost) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    await cameras.learn("yard-east", "south-gate", "north-gate")
    for id in ("yard-east", "south-gate", "north-gate"):
        await cameras.check(id)
    await cameras.find("yard-east", Finding.OCCLUSION)
    await cameras.find("south-gate", Finding.SIGNAL_LOSS)
    await cameras.check("south-gate", miss=Miss.CAMERA)
    await cameras.check("north-gate", miss=Miss.CAMERA)

    status, listed = await ask(guard, "GET", "cameras")
    _, detail = await ask(guard, "GET", "cameras/yard-east")

    assert status == 200 and [camera["id"] for camera in listed["cameras"]] == [camera.id for camera in EIGHT]
    covered = one(listed, "yard-east")
    assert (covered["state"], covered["name"]["zh"], covered["miss"]) == ("faulty", "东操场", None)
    assert [(found["finding"], found["priority"]) for found in covered["findings"]] == [("occlusion", "medium")]
    assert one(listed, "south-gate")["state"] == "no_picture" and one(listed, "south-gate")["miss"] == "camera"
    assert one(listed, "north-gate")["state"] == "suspect"
    assert one(listed, "bicycle-shed")["state"] == "not_learnt" and one(listed, "bicycle-shed")["picture"] is None
    (found,) = detail["findings"]
    assert found["cleared_at"] is None and found["alarm_state"] == "unacknowledged" and found["value"] == 0.72
    assert [picture["why"] for picture in found["pictures"]] == ["finding"]
    assert (await ask(guard, "GET", "cameras/nowhere"))[0] == 404
    async with guard.get("/cameras") as page:
        assert "<b>Yard east</b> faulty: Covered" in await page.text()  # before any script


async def test_a_camera_says_what_its_recorder_tells_and_why_it_does_not(post: GuardPost) -> None:
    made = await CameraPost.at(post, (a_camera("yard-east", recorder=RecorderOf("nvr-1", "Rec_1")), a_camera("hall")))
    guard, site = await post.signed_in("guard1", "operator"), post.site
    nvr = site.cameras.recorders["nvr-1"] = RecorderState(Recorder("nvr-1", "http://10.0.0.1/", "me", "geheim"))
    _, before = await ask(guard, "GET", "cameras/yard-east")
    nvr.asked_at = nvr.answered_at = site.clock.now()
    nvr.clock_ahead_s = 75.2
    await recorders.told(site, made.state("yard-east"), True, None)
    _, told = await ask(guard, "GET", "cameras/yard-east")
    nvr.not_listed = frozenset({"yard-east"})
    _, missing = await ask(guard, "GET", "cameras/yard-east")
    nvr.trouble = Trouble.CREDENTIALS
    _, refused = await ask(guard, "GET", "cameras/yard-east")
    _, without = await ask(guard, "GET", "cameras/hall")

    recording = told["recording"]
    assert (before["recording"], before["recorder"]["asked_at"]) == (None, None)
    assert (recording["recording"], recording["days_kept"], recording["disk_free_gb"]) == (True, None, None)
    assert (told["recorder"]["trouble"], told["recorder"]["clock_off_s"]) == (None, 75)
    assert [one["recorder"]["trouble"] for one in (missing, refused)] == ["not_listed", "credentials"]
    assert without["recorder"] is None
    assert "geheim" not in str(refused) and "10.0.0.1" not in str(refused)


async def test_what_is_found_says_more_than_that_somebody_works_there(cameras: CameraPost) -> None:
    fitter = await cameras.post.signed_in("fitter1", "maintenance")
    await cameras.learn("yard-east", "south-gate")
    now = cameras.post.site.clock.now()
    work = {
        "cameras": ["yard-east", "south-gate"],
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "reason": "cable",
    }
    assert (await ask(fitter, "POST", "maintenance-windows", work))[0] == 201
    await cameras.find("south-gate", Finding.NOT_RECORDING)

    assert state_of(cameras.state("yard-east"), now + timedelta(seconds=5)) == "maintenance"
    assert state_of(cameras.state("south-gate"), now + timedelta(seconds=5)) == "faulty"


async def test_every_planned_check_is_told_done_or_missed_with_its_reason(cameras: CameraPost) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    await cameras.past("yard-east", 4, {1: Miss.GATEWAY, 2: Miss.CAMERA})
    await cameras.settle()
    now = cameras.post.site.clock.now()
    day = now.astimezone(cameras.post.site.campus.timezone).date()
    span = f"from={(now - timedelta(hours=5)):%Y-%m-%dT%H:%M:%SZ}&to={now:%Y-%m-%dT%H:%M:%SZ}"

    _, newest = await ask(guard, "GET", "cameras/coverage")
    _, of_day = await ask(guard, "GET", f"cameras/coverage?day={day}&camera=yard-east")
    _, single = await ask(guard, "GET", f"cameras/yard-east/checks?{span}")

    for told in (newest, of_day):
        hours = next(one["hours"] for one in told["cameras"] if one["camera"] == "yard-east")
        sums = [sum(hour[at] for hour in hours if hour) for at in range(7)]
        assert len(hours) == told["hours"] == 24
        assert sums == [240, 120, 120, 60, 60, 0, 0] and sums[0] == sums[1] + sum(sums[3:])
    assert len(newest["cameras"]) == len(EIGHT) and len(of_day["cameras"]) == 1
    assert len(single["checks"]) == 240
    assert sorted({str(check["miss"]) for check in single["checks"]}) == ["None", "camera", "gateway"]
    long = f"from={(now - timedelta(days=3)):%Y-%m-%dT%H:%M:%SZ}&to={now:%Y-%m-%dT%H:%M:%SZ}"
    status, problem = await ask(guard, "GET", f"cameras/yard-east/checks?{long}")
    assert status == 422 and problem["errors"][0]["field"] == "to"
    assert (await ask(guard, "GET", "cameras/coverage?camera=nowhere"))[0] == 404


async def test_pictures_are_kept_by_nobody_and_who_looked_is_on_record(cameras: CameraPost) -> None:
    post = cameras.post
    guard = await post.signed_in("guard1", "operator")
    await cameras.learn("yard-east")
    for id in ("yard-east", "south-gate"):
        await cameras.check(id)
    await cameras.find("yard-east", Finding.OCCLUSION)
    _, detail = await ask(guard, "GET", "cameras/yard-east")
    evidence = detail["findings"][0]["pictures"][0]["id"]

    tags = []
    for path in ("yard-east/picture?n=1", "south-gate/picture", f"yard-east/evidence/{evidence}"):
        async with guard.get(f"{API}/cameras/{path}") as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
            assert answer.content_type == "image/jpeg" and await answer.read() == JPEG
            tags.append(answer.headers["ETag"])
    headers = {"If-None-Match": tags[1]}
    async with guard.get(f"{API}/cameras/south-gate/picture", headers=headers) as answer:
        assert answer.status == 304 and await answer.read() == b""
    async with guard.get(f"{API}/cameras/south-gate/evidence/{evidence}") as answer:
        assert answer.status == 404

    reads = [body["what"] for body in await post.records("record_read")]
    assert sorted(what for what in reads if what.startswith("camera")) == ["camera_evidence", "camera_pictures"]


async def test_a_reference_is_confirmed_by_the_control_room_and_learnt_again_by_whoever_mends(
    cameras: CameraPost,
) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    fitter = await cameras.post.signed_in("fitter1", "maintenance")
    (look,) = await cameras.learn("yard-east")
    body = {"reference": look.id}

    assert (await ask(fitter, "POST", "cameras/yard-east/reference/confirm", body))[0] == 403
    _, confirmed = await ask(guard, "POST", "cameras/yard-east/reference/confirm", body)
    assert (confirmed["references"][0]["state"], confirmed["references"][0]["confirmed_by"]) == ("confirmed", "guard1")
    assert one((await ask(guard, "GET", "cameras"))[1], "yard-east")["reference"] == "confirmed"
    _, anew = await ask(fitter, "POST", "cameras/yard-east/reference/relearn")
    assert [reference["state"] for reference in anew["references"]] == ["retired"]
    status, problem = await ask(guard, "POST", "cameras/yard-east/reference/confirm", body)
    assert status == 409 and problem["detail"].startswith("over")


async def test_an_order_is_taken_done_and_verified_by_the_next_check(cameras: CameraPost) -> None:
    post = cameras.post
    guard, fitter = await post.signed_in("guard1", "operator"), await post.signed_in("fitter1", "maintenance")
    await cameras.find("yard-east", Finding.OCCLUSION)
    cameras.older("yard-east", Finding.OCCLUSION, timedelta(minutes=5))
    await cameras.look()
    _, listed = await ask(fitter, "GET", "work-orders")
    (order,) = listed["orders"]
    where = f"work-orders/{order['id']}"

    assert (order["subject"], order["findings"], order["state"], order["by"]) == (
        "yard-east",
        ["occlusion"],
        "open",
        None,
    )
    assert (await ask(guard, "POST", f"{where}/take"))[0] == 403
    assert (await ask(guard, "POST", f"{where}/cancel", {"why": "no"}))[0] == 409
    _, taken = await ask(fitter, "POST", f"{where}/take")
    assert (taken["assignee"], taken["mine"]) == ("fitter1", True)
    status, problem = await ask(guard, "PATCH", where, {"assignee": "guard1"})
    assert status == 422 and problem["errors"][0]["field"] == "assignee"
    assert (await ask(fitter, "POST", f"{where}/done", {"what": " "}))[0] == 422
    await cameras.clear("yard-east", Finding.OCCLUSION)
    _, done = await ask(fitter, "POST", f"{where}/done", {"what": "took a bag off"})
    assert (done["state"], done["done"], done["done_by"]) == ("done", "took a bag off", "fitter1")
    await cameras.check("yard-east")
    cameras.watch = type(cameras.watch)(post.site)  # it looks at orders each five seconds only
    await cameras.look()

    assert (await ask(guard, "GET", "work-orders"))[1]["orders"] == []
    _, over = await ask(guard, "GET", "work-orders?state=over")
    assert [(o["state"], o["verified_at"] is not None) for o in over["orders"]] == [("verified", True)]
    assert "bag" not in str(await post.records("paper"))


async def test_work_is_announced_for_a_day_at_most_and_ended_by_the_control_room(cameras: CameraPost) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    fitter = await cameras.post.signed_in("fitter1", "maintenance")
    now = cameras.post.site.clock.now()
    work = {"cameras": ["yard-east"], "reason": "new cable"}
    long = work | {"ends_at": (now + timedelta(hours=30)).isoformat()}

    status, problem = await ask(fitter, "POST", "maintenance-windows", long)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["ends_at"])
    _, made = await ask(
        fitter, "POST", "maintenance-windows", work | {"ends_at": (now + timedelta(hours=1)).isoformat()}
    )
    assert (made["by"], made["reason"], made["under_way"]) == ("fitter1", "new cable", True)
    later = {"ends_at": (now + timedelta(hours=2)).isoformat()}
    assert (await ask(fitter, "POST", f"maintenance-windows/{made['id']}/renew", later))[0] == 200
    _, ended = await ask(guard, "POST", f"maintenance-windows/{made['id']}/end")
    assert (ended["ended_by"], ended["under_way"]) == ("guard1", False)
    assert (await ask(guard, "GET", "maintenance-windows"))[1]["windows"] == []


async def test_a_round_is_signed_for_what_was_seen_and_for_nothing_newer(cameras: CameraPost) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    await cameras.find("yard-east", Finding.OCCLUSION)
    _, seen = await ask(guard, "GET", "camera-rounds")
    assert [(point["kind"], point["place"], point["what"]) for point in seen["points"]] == [
        ("finding", "yard-east", "occlusion")
    ]
    await cameras.find("south-gate", Finding.BLUR)

    status, problem = await ask(guard, "POST", "camera-rounds", {"digest": seen["digest"]})
    assert status == 409 and problem["detail"].startswith("changed")
    _, anew = await ask(guard, "GET", "camera-rounds")
    signed = {"digest": anew["digest"], "note": "told the fitter"}
    status, made = await ask(guard, "POST", "camera-rounds", signed)
    _, after = await ask(guard, "GET", "camera-rounds")

    assert (status, made["by"], made["count"], made["note"]) == (201, "guard1", 2, "told the fitter")
    assert [(one["id"], one["note"]) for one in after["signed"]] == [(made["id"], "told the fitter")]
    assert [slot["state"] for slot in after["slots"] if slot["rounds"]] == ["signed"]
    assert "fitter" not in str(await cameras.post.records("camera_round"))


async def test_the_report_is_the_same_as_data_on_paper_and_as_a_workbook(cameras: CameraPost) -> None:
    post = cameras.post
    leader = await post.signed_in("leader1", "duty_leader")
    await cameras.past("yard-east", 3, {1: Miss.OVERLOAD})
    await cameras.find("yard-east", Finding.OCCLUSION)
    await cameras.settle()
    day = f"{post.site.clock.now().astimezone(post.site.campus.timezone):%Y-%m-%d}"

    _, told = await ask(leader, "GET", f"reports/availability?day={day}")
    total = told["total"]
    assert (total["planned"], total["done"], total["clear"], total["raised"]) == (180, 120, 120, 1)
    assert total["missed"] == {"camera": 0, "gateway": 0, "overload": 60, "maintenance": 0}
    assert next(one for one in told["cameras"] if one["camera"] == "yard-east")["coverage"] == round(120 / 180, 6)
    async with leader.get(f"/cameras/report?day={day}&only=exceptions&lang=zh") as answer:
        text = await answer.text()
        assert answer.status == 200 and "66.66 %" in text and "yard-east" in text and "bicycle-shed" not in text
    async with leader.get(f"{API}/reports/availability?month={day[:7]}&format=xlsx&lang=zh") as answer:
        assert answer.headers["Content-Disposition"].endswith(f'cameras-{day[:7]}-zh.xlsx"')
        book = zipfile.ZipFile(io.BytesIO(await answer.read()))
        assert "东操场" in book.read("xl/sharedStrings.xml").decode()
    assert [body["what"] for body in await post.records("record_read")] == ["camera_availability"]
    for query in ("day=2026-13-01", "day=2031-01-01", "month=2026-9", f"day={day}&month={day[:7]}"):
        assert (await ask(leader, "GET", f"reports/availability?{query}"))[0] == 422, query
    async with leader.get("/cameras/report?day=yesterday") as answer:
        assert answer.status == 404 and "There is no report of this time" in await answer.text()


async def test_the_stream_of_cameras_tells_what_changes_and_no_picture(cameras: CameraPost) -> None:
    fitter = await cameras.post.signed_in("fitter1", "maintenance")  # may not watch the gates
    headers = {"Origin": cameras.post.url}
    async with fitter.ws_connect(f"{API}/stream?of=cameras", headers=headers) as stream:
        first = await stream.receive_json(timeout=5)
        assert (first["type"], len(first["cameras"]), "decisions" in first) == ("snapshot", len(EIGHT), False)
        await cameras.find("yard-east", Finding.OCCLUSION)
        told = await stream.receive_json(timeout=5)
        assert [one["id"] for one in told["cameras"]] == ["yard-east"] and told["cameras"][0]["state"] == "faulty"
        await cameras.check("south-gate")
        while not (tick := await stream.receive_json(timeout=5))["cameras"]:
            pass
        assert (tick["type"], [one["id"] for one in tick["cameras"]]) == ("tick", ["south-gate"])
        assert tick["cameras"][0]["picture"].isdigit()
    for path, role, name in (("stream", "maintenance", "fitter2"), ("stream?of=cameras", "guard", "gate1")):
        other = await cameras.post.signed_in(name, role)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await other.ws_connect(f"{API}/{path}", headers=headers)
        assert refused.value.status == 403


async def test_five_hundred_cameras_are_listed_within_50_ms(tmp_path: Path) -> None:
    post = await GuardPost(tmp_path / "site").open()
    many = await CameraPost.at(post, tuple(a_camera(f"cam-{n:03}", zone="teaching") for n in range(500)))
    try:
        guard = await post.signed_in("guard1", "operator")
        for state in post.site.cameras:
            await many.check(state.camera.id)
        took = []
        for _ in range(6):
            began = time.perf_counter()
            async with guard.get(f"{API}/cameras") as answer:
                body = await answer.read()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0)
        assert len(body) < 400_000 and body.count(b'"every_s"') == 500
        assert min(took) < 0.050, took
    finally:
        await many.settle()
        await post.close()


async def test_the_control_room_gives_an_order_to_somebody_who_mends_and_to_nobody_else(cameras: CameraPost) -> None:
    guard = await cameras.post.signed_in("guard1", "operator")
    await cameras.post.add_user("fitter1", "maintenance")
    await cameras.post.add_user("teacher1", "teacher")
    _, made = await ask(guard, "POST", "work-orders", {"subject": "yard-east", "note": "lens is dirty"})
    where = f"work-orders/{made['id']}"
    due = (cameras.post.site.clock.now() + timedelta(days=2)).replace(microsecond=0)

    _, workers = await ask(guard, "GET", "work-orders/workers")
    _, given = await ask(guard, "PATCH", where, {"assignee": "fitter1", "due_at": due.isoformat()})
    status, problem = await ask(guard, "PATCH", where, {"assignee": "teacher1"})

    assert workers == {"workers": ["fitter1"]}
    assert (given["assignee"], given["due_at"]) == ("fitter1", due.isoformat().replace("+00:00", "Z"))
    assert status == 422 and problem["errors"][0]["field"] == "assignee"
