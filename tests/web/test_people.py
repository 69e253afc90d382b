"""Finding people, their pictures, how to reach them; and that no name, number or plate gets where it must not."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import cv2
import numpy
import pytest
import structlog

from gateway.flows.portraits import BYTES_AT_MOST, SIDE, NoPicture, check, redraw
from tests.web.guardpost import PEOPLE, GuardPost
from tests.web.test_api import CSV, ask

BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4) * 2 + b"\x08\x02\0\0\0" * 4
"""A few bytes that ask for ten gigabytes."""
JPEG, PNG = {"Content-Type": "image/jpeg"}, {"Content-Type": "image/png"}


def picture(width: int = 640, height: int = 800, ending: str = ".jpg") -> bytes:
    image = numpy.full((height, width, 3), (40, 120, 200), numpy.uint8)
    cv2.circle(image, (width // 2, height // 3), min(width, height) // 5, (200, 210, 230), -1)
    return cv2.imencode(ending, image)[1].tobytes()


def with_place(jpeg: bytes) -> bytes:
    """The same picture with words beside it, as a telephone writes where it was taken."""
    words = b"Exif\0\0 GPS 39.9042 N 116.4074 E"
    return jpeg[:2] + b"\xff\xe1" + (len(words) + 2).to_bytes(2) + words + jpeg[2:]


# ---------------------------------------------------------------- search


@pytest.mark.parametrize("typed", ["zhang", "zw", "张伟", "s-2", "ZHANG WEI", "ｚｗ"])
async def test_a_guard_finds_somebody_by_name_number_and_pinyin(post: GuardPost, typed: str) -> None:
    guard = await post.signed_in("guard1", "guard")

    status, found = await ask(guard, "POST", "/api/v1/people/search", json={"q": typed})

    assert status == 200 and [person["id"] for person in found["people"]] == ["S-2"]


async def test_only_the_kinds_that_are_asked_for_come_and_an_unknown_kind_is_named(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    _, found = await ask(guard, "POST", "/api/v1/people/search", json={"q": "w", "kinds": ["student"]})
    status, problem = await ask(guard, "POST", "/api/v1/people/search", json={"q": "w", "kinds": ["staff", "robot"]})

    assert [person["id"] for person in found["people"]] == ["P-1"]
    assert status == 422 and [error["field"] for error in problem["errors"]] == ["kinds[1]"]


async def test_what_was_typed_is_in_no_record_but_that_somebody_looked_is(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    await ask(guard, "POST", "/api/v1/people/search", json={"q": "Wang Lei"})
    await ask(guard, "POST", "/api/v1/hosts/search", json={"q": "zhang"})

    reads = await post.records("record_read")
    assert [(read["what"], read["count"]) for read in reads] == [("people", 1), ("hosts", 1)]
    assert "ang" not in json.dumps([{**read, "user": ""} for read in reads])


async def test_a_host_is_somebody_of_the_staff_and_shows_no_more_than_a_visitor_may_hear(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    admin = await post.signed_in("admin1", "admin")

    _, found = await ask(guard, "POST", "/api/v1/hosts/search", json={"q": "zhang"})
    _, pupils = await ask(guard, "POST", "/api/v1/hosts/search", json={"q": "wang"})
    await ask(admin, "POST", "/api/v1/people/S-2/left")
    _, gone = await ask(guard, "POST", "/api/v1/hosts/search", json={"q": "zhang"})

    assert found == {"hosts": [{"id": "S-2", "name": "张伟", "unit": "security, staff"}]}
    assert pupils == {"hosts": []} and gone == {"hosts": []}


async def test_whoever_is_imported_is_found_at_once(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await ask(officer, "POST", "/api/v1/people/search", json={"q": "zw"})
    more = PEOPLE.replace("张伟", "欧阳明月") + "P-9,单雪梅,student,students,CARD-NEW,,,,\n"

    await ask(officer, "POST", "/api/v1/imports", data=more.encode(), headers=CSV)
    found = [
        [one["id"] for one in (await ask(officer, "POST", "/api/v1/people/search", json={"q": typed}))[1]["people"]]
        for typed in ("sxm", "oymy", "zw")
    ]

    assert found == [["P-9"], ["S-2"], []]


async def test_whoever_left_is_refused_at_the_next_tap(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, said = await ask(officer, "POST", "/api/v1/people/S-1/left")
    _, refused = await post.tap("CARD-LI")
    await ask(officer, "POST", "/api/v1/imports", data=PEOPLE.encode(), headers=CSV)
    _, back = await post.tap("CARD-LI")

    assert (status, said) == (200, {"id": "S-1", "erased_after_days": 180})
    assert (refused.reason, back.action.value) == ("holder_suspended", "grant")
    assert len(await post.records("person_left")) == 1
    assert (await ask(officer, "POST", "/api/v1/people/nobody/left"))[0] == 404


# ---------------------------------------------------------------- pictures


async def test_a_picture_is_kept_small_and_without_what_the_file_carried(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    guard = await post.signed_in("guard1", "guard")

    status, _ = await ask(officer, "PUT", "/api/v1/people/S-2/picture", data=with_place(picture()), headers=JPEG)
    async with guard.get("/api/v1/people/S-2/picture") as answer:
        kept, headers = await answer.read(), answer.headers

    seen = cv2.imdecode(numpy.frombuffer(kept, numpy.uint8), cv2.IMREAD_COLOR)
    assert status == 204 and headers["Content-Type"] == "image/jpeg" and "no-store" in headers["Cache-Control"]
    assert max(seen.shape) == SIDE and b"GPS" not in kept and b"Exif" not in kept
    assert [read["what"] for read in await post.records("record_read")] == ["portrait"]

    assert (await ask(officer, "DELETE", "/api/v1/people/S-2/picture"))[0] == 204
    assert (await ask(guard, "GET", "/api/v1/people/S-2/picture"))[0] == 404
    assert [row["step"] for row in await post.records("portrait")] == ["kept", "removed"]


@pytest.mark.parametrize(
    ("what", "raw", "headers", "status", "said"),
    [
        ("words", b"no picture at all", JPEG, 422, "no JPEG or PNG"),
        ("a page", b"<svg xmlns='x'/>", PNG, 422, "no JPEG or PNG"),
        ("a gif", b"GIF89a....", JPEG, 422, "no JPEG or PNG"),
        ("half of one", picture()[:300], JPEG, 422, "damaged"),
        ("rubbish behind a true beginning", picture(64, 64)[:200] + b"\xff" * 400, JPEG, 422, "damaged"),
        ("a bomb", BOMB, PNG, 422, "2000"),
        ("a large one", b"\xff\xd8\xff" + b"x" * BYTES_AT_MOST, JPEG, 413, "at most"),
        ("another type", picture(), {"Content-Type": "image/gif"}, 415, "image/jpeg"),
    ],
)
async def test_what_is_no_picture_gets_a_sentence_and_changes_nothing(
    post: GuardPost, what: str, raw: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    answer, problem = await ask(officer, "PUT", "/api/v1/people/S-2/picture", data=raw, headers=headers)

    if what == "rubbish behind a true beginning" and answer == 204:
        return  # the library draws what it can of a torn picture: what is kept is its own drawing
    assert answer == status and said in json.dumps(problem)
    assert await post.records("portrait") == []


def test_a_small_picture_is_not_blown_up_and_a_png_becomes_a_jpeg() -> None:
    small = redraw(picture(100, 80, ".png"))

    assert small.startswith(b"\xff\xd8\xff")
    assert cv2.imdecode(numpy.frombuffer(small, numpy.uint8), cv2.IMREAD_COLOR).shape == (80, 100, 3)
    for length in range(0, 80, 3):
        try:
            check(picture(16, 16)[:length])
        except NoPicture:
            continue


# ---------------------------------------------------------------- how to reach people


async def test_a_number_is_kept_plain_and_the_messenger_is_never_shown(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    given = {"phone": "＋８６ (10) 6275-1234", "mail": "na.li@school.example", "messenger": "feishu://secret-token"}

    status, shown = await ask(officer, "PUT", "/api/v1/people/S-1/contact", json=given)
    _, again = await ask(officer, "GET", "/api/v1/people/S-1/contact")
    await ask(officer, "PUT", "/api/v1/people/S-1/contact", json={"phone": "110"})
    _, later = await ask(officer, "GET", "/api/v1/people/S-1/contact")

    assert (status, shown) == (200, again)
    assert again == {"phone": "+86 (10) 6275-1234", "mail": "na.li@school.example", "messenger": "feishu"}
    assert later == {"phone": "110", "mail": "", "messenger": "feishu"}
    kept = await post.site.archive.contact(post.site.directory.with_id("S-1").ref)  # type: ignore[union-attr]
    assert kept is not None and kept.messenger == "feishu://secret-token" and "secret" not in repr(kept)
    assert b"secret-token" not in b"".join(path.read_bytes() for path in post.folder.rglob("wardgate.db*"))
    assert [row["parts"] for row in await post.records("contact_changed")] == [
        ["phone", "mail", "messenger"],
        ["phone", "mail"],
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "call me"),
        ("phone", "12"),
        ("phone", "1" * 60),
        ("phone", "=cmd|'/c calc'"),
        ("mail", "somebody"),
        ("mail", "a@b"),
        ("mail", "a@b.cn\r\nBcc: all@x.cn"),
        ("messenger", "file:///etc/passwd"),
        ("messenger", "json://127.0.0.1/hook"),
        ("messenger", "feishu://a b"),
    ],
)
async def test_what_is_no_number_address_or_messenger_gets_a_sentence_that_does_not_repeat_it(
    post: GuardPost, field: str, value: str
) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, problem = await ask(officer, "PUT", "/api/v1/people/S-1/contact", json={field: value})

    assert status == 422 and [error["field"] for error in problem["errors"]] == [field]
    assert value not in json.dumps(problem)


async def test_numbers_come_in_with_the_people_and_a_file_without_them_takes_none_away(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    head, *lines = PEOPLE.strip().split("\n")
    first = f"{lines[0]},010-1234,na@school.example"
    with_numbers = "\n".join([f"{head},phone,mail", first, *(f"{line},," for line in lines[1:])])
    wrong = with_numbers.replace("010-1234", "none").replace("na@school.example", "nowhere")

    bad, problem = await ask(officer, "POST", "/api/v1/imports", data=wrong.encode(), headers=CSV)
    status, done = await ask(officer, "POST", "/api/v1/imports", data=with_numbers.encode(), headers=CSV)
    _, again = await ask(officer, "POST", "/api/v1/imports", data=PEOPLE.encode(), headers=CSV)
    _, shown = await ask(officer, "GET", "/api/v1/people/S-1/contact")

    assert bad == 422 and [error["field"] for error in problem["errors"]] == ["lines[2].mail", "lines[2].phone"]
    assert (status, done["updated"], again["updated"]) == (200, 1, 0)
    assert shown == {"phone": "010-1234", "mail": "na@school.example", "messenger": None}


# ---------------------------------------------------------------- nothing of a person where it must not be

NAME, NUMBER, PLATE, PHONE = "Xanthippe Quillfeather", "QX7731942", "京ZQ8X71", "010-7731942"


async def test_a_whole_visit_leaves_no_name_number_or_plate_in_a_log_an_address_or_the_ledger(
    post: GuardPost, caplog: pytest.LogCaptureFixture
) -> None:
    guard = await post.signed_in("guard1", "guard", "security_officer")
    addresses: list[str] = []
    now = post.site.clock.now()
    caplog.set_level(logging.DEBUG)

    async def act(method: str, path: str, **more: Any) -> Any:
        async with guard.request(method, path, **more) as answer:
            addresses.append(str(answer.url))
            body = await answer.read()
            return json.loads(body) if answer.content_type == "application/json" and body else None

    with structlog.testing.capture_logs() as lines:
        visitor = {"name": NAME, "document": {"kind": "passport", "number": NUMBER}, "phone": PHONE, "plate": PLATE}
        made = await act(
            "POST",
            "/api/v1/visits",
            json={
                "visitor": visitor,
                "kind": "official",
                "host": "S-2",
                "purpose": f"meets {NAME}",
                "starts_at": now.isoformat(),
                "ends_at": now.replace(hour=now.hour + 3).isoformat(),
            },
        )
        await act("POST", "/api/v1/visits", json={"visitor": {"name": NAME, "document": {"number": NUMBER}}})
        visit = f"/api/v1/visits/{made['id']}"
        await act("POST", f"{visit}/approve-vehicle")
        await act("POST", f"{visit}/check-in", json={"document_seen": True})
        await post.tap(made["pass"])
        await act("POST", "/api/v1/people/search", json={"q": NAME})
        await act("POST", "/api/v1/people/search", json={"q": NAME, "wrong": NUMBER})
        await act("GET", "/api/v1/visits")
        await act("GET", "/api/v1/decisions")
        await act("POST", f"{visit}/check-out")
        await act("POST", "/api/v1/people/S-2/left")

    ledger = await post.site.archive.told([])  # the connection is warm; the rows are read below
    rows = [row for kind in ("permit", "decision", "record_read", "event") for row in await post.records(kind)]
    said = json.dumps([lines, rows, addresses, ledger], default=str, ensure_ascii=False) + caplog.text
    assert made["id"] in said, "what may be said is there, so the search looked at the right things"
    for secret in (NAME, "Xanthippe", NUMBER, "731942", PLATE, "ZQ8X71", PHONE, made["pass"], "张伟"):
        assert secret not in said, f"{secret} stands where it must not"


def test_pictures_of_tests_are_what_they_say() -> None:
    assert picture().startswith(b"\xff\xd8\xff") and io.BytesIO(picture(8, 8, ".png")).read(4) == b"\x89PNG"
