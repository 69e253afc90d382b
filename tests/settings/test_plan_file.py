"""plan.yaml: what it may say, every fault of it with its line, and which pictures no browser ever gets."""

from __future__ import annotations

import functools
import os
import struct
import zlib
from pathlib import Path

import pytest

from gateway.campus_file import load_campus
from gateway.core.nouns import Campus
from gateway.core.plan import GroundKind, Spot
from gateway.plan_file import load_plans, notes
from gateway.plan_picture import NoPicture, read_picture
from gateway.plan_svg import UnsafeSvg, cleaned
from gateway.policy_file import load_policy
from gateway.settings import load, shipped

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">{}</svg>'


@functools.cache
def campus() -> Campus:
    """The example campus, read once."""
    policy, _ = load_policy(shipped("policy.school.yaml"))
    parts, _ = load_campus(shipped("campus.school.yaml"), policy)
    assert parts is not None
    return parts.campus


def loaded(folder: Path, text: str):
    (folder / "plan.yaml").write_text(text, "utf-8")
    return load_plans(folder, campus())


# ------------------------------------------------------------ the file


def test_the_example_that_init_writes_has_every_zone_portal_and_no_note(site):
    settings = load(site, {})

    (plan,) = settings.plans
    assert set(plan.zones) == set(settings.campus.zones) - {"site"}
    assert set(settings.campus.portals) <= set(plan.spots)
    assert plan.spots["cam-library"] == Spot((370.0, 690.0), 315.0)
    assert {one.kind for one in plan.ground} == set(GroundKind)
    assert notes(site, settings.plans, settings.campus, ()) == []


def test_without_the_file_there_is_no_plan_and_nothing_is_wrong(tmp_path):
    assert load_plans(tmp_path, campus()) == ((), [])


def test_a_fault_of_the_plan_is_a_fault_of_the_configuration(site, faults):
    (site / "plan.yaml").write_text("size: [1, 1]\npicture: nowhere.svg\n", "utf-8")

    assert [(fault.file, fault.line, fault.field) for fault in faults()] == [("plan.yaml", 1, "size")]


def test_two_campuses_have_two_plans(tmp_path):
    two = """
plans:
  - {id: east, name: {en: East, zh: 东校区}, size: [100, 100], zones: {campus: {outline: [[0, 0], [9, 0], [9, 9]]}}}
  - {id: west, name: {en: West, zh: 西校区}, size: [200, 100], signs: {south-in: {at: [200, 100], turn: 360}}}
"""

    plans, faults = loaded(tmp_path, two)

    assert faults == []
    assert [(plan.id, plan.name.zh, plan.size) for plan in plans] == [
        ("east", "东校区", (100.0, 100.0)),
        ("west", "西校区", (200.0, 100.0)),
    ]


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("", 1, "", "is empty"),
        ("size: [50, 100]", 1, "size", "from 100 to 20000"),
        ("size: [1600]", 1, "size", "expected width and height"),
        ("zones: {}", 1, "size", "is missing"),
        ("size: [100, 100]\nsings: {}", 2, "sings", "did you mean 'signs'"),
        (
            "size: [100, 100]\nzones:\n  campsu: {outline: [[0, 0], [1, 0], [1, 1]]}",
            3,
            "zones.campsu",
            "did you mean 'campus'",
        ),
        (
            "size: [100, 100]\nzones:\n  campus: {outline: [[0, 0], [1, 0]]}",
            3,
            "zones.campus.outline",
            "expected 3 points or more",
        ),
        (
            "size: [100, 100]\nzones:\n  campus:\n    outline: [[0, 0], [1, 0],\n      [1, 101]]",
            5,
            "zones.campus.outline[2]",
            "[1, 101] does not lie on the plan",
        ),
        ("size: [100, 100]\nsigns:\n  north-in: {at: [1]}", 3, "signs.north-in.at", "expected a point"),
        ("size: [100, 100]\nsigns:\n  north-in: {at: [-1, 0]}", 3, "signs.north-in.at", "does not lie on the plan"),
        ("size: [100, 100]\nsigns:\n  north-in: {at: [1, 0], turn: 361}", 3, "signs.north-in.turn", "360"),
        ("size: [100, 100]\nsigns:\n  campus: {at: [1, 0]}", 3, "signs.campus", "is a zone"),
        ("size: [100, 100]\nground:\n  - {kind: lava, dots: [[1, 1]]}", 3, "ground[0].kind", "expected one of green"),
        (
            "size: [100, 100]\nground:\n  - {kind: road, dots: [[1, 1]], line: [[1, 1], [2, 2]]}",
            3,
            "ground[0]",
            "expected one of area, line, dots",
        ),
        (
            "plans:\n  - {id: a, name: {en: A, zh: A}, size: [100, 100]}\n"
            "  - {id: a, name: {en: A, zh: A}, size: [100, 100]}",
            3,
            "plans[1].id",
            "there twice",
        ),
        ("plans:\n  - {size: [100, 100]}", 2, "plans[0].id", "is missing"),
        ("size: [100, 100]\npicture: nowhere.svg", 2, "picture", "there is no such file"),
        ("size: [100, 100]\nsigns: {north-in: {at: [.inf, 0]}}", 2, "signs.north-in.at", "found"),
    ],
)
def test_every_fault_is_told_with_its_line_and_field(tmp_path, text, line, field, said):
    plans, found = loaded(tmp_path, text)

    assert plans == ()
    assert any(fault.line == line and fault.field.startswith(field) and said in fault.message for fault in found), found


def test_what_is_not_on_the_plan_is_a_note_and_no_fault(tmp_path):
    plans, faults = loaded(tmp_path, "size: [100, 100]\nzones: {}\nsigns:\n  nroth-in: {at: [5, 5]}\n")

    told = notes(tmp_path, plans, campus(), ("yard",))

    assert faults == []
    said = [str(note) for note in told]
    assert any("portal 'north-in' has no sign" in one and "did you mean 'nroth-in'" in one for one in said)
    assert any("zone 'dorm-1' has no outline" in one for one in said)
    assert any("camera 'yard' has no sign" in one for one in said)
    assert not any("'site'" in one for one in said), "the street is on no plan"


# ------------------------------------------------------------ the picture


def png(width: int, height: int, end: bytes = b"IEND") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(8))) + chunk(end, b"")


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(12)
    return b"\xff\xd8\xff\xe0\x00\x04ab" + frame + b"\xff\xda\x00\x02abc\xff\xd9"


@pytest.mark.parametrize(
    ("raw", "media"),
    [
        (png(1600, 1000), "image/png"),
        (jpeg(1600, 1000), "image/jpeg"),
        (SVG.format('<path d="M0 0h5"/>').encode(), "image/svg+xml"),
        (b"\xef\xbb\xbf" + SVG.format("<g/>").encode(), "image/svg+xml"),
    ],
)
def test_a_picture_is_taken_by_its_content(tmp_path, raw, media):
    (tmp_path / "picture.bin").write_bytes(raw)

    picture = read_picture(tmp_path, "picture.bin")

    assert (picture.media, len(picture.tag)) == (media, 16)
    assert picture.body == raw or media == "image/svg+xml"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is no SVG, PNG or JPEG"),
        (b"MZ\x90\x00 a program", "is no SVG, PNG or JPEG"),
        (b"<html><script>alert(1)</script></html>", "is no SVG, PNG or JPEG"),
        (b"<html><body><svg xmlns='http://www.w3.org/2000/svg'/></body></html>", "begins with <html>"),
        (png(50_000, 50_000), "50000 × 50000 points"),
        (png(6_000, 5_000), "million in all"),
        (png(0, 10), "is damaged"),
        (png(10, 10, end=b"IDAT"), "is damaged"),
        (png(10, 10)[:40], "is damaged"),
        (jpeg(65_000, 65_000), "65000 × 65000 points"),
        (b"\xff\xd8\xff\xe0" + bytes(100) + b"\xff\xd9", "is damaged"),
        (b"\xff\xd8\xff" + b"\xff" * 5_000, "is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9 * 1024 * 1024), "larger than 8 MB"),
        (SVG.format("<g/>" + " " * (2 * 1024 * 1024)).encode(), "more than 2 MB"),
    ],
)
def test_a_picture_that_is_none_or_too_large_is_refused_in_words(tmp_path, raw, said):
    (tmp_path / "plan.png").write_bytes(raw)

    with pytest.raises(NoPicture, match=said):
        read_picture(tmp_path, "plan.png")


@pytest.mark.parametrize("name", ["/etc/passwd", "../plan.svg", "a/../../plan.svg", "plan\0.svg"])
def test_a_picture_lies_in_the_folder_of_the_configuration(tmp_path, name):
    (tmp_path / "plan.svg").write_text(SVG.format(""))
    (tmp_path / "site").mkdir()

    with pytest.raises(NoPicture):
        read_picture(tmp_path / "site", name)


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_followed(tmp_path):
    (tmp_path / "site" / "pictures").mkdir(parents=True)
    (tmp_path / "secret.svg").write_text(SVG.format(""))
    (tmp_path / "site" / "pictures" / "a.svg").write_text(SVG.format("<g/>"))
    (tmp_path / "site" / "out.svg").symlink_to(tmp_path / "secret.svg")
    (tmp_path / "site" / "folder").symlink_to(tmp_path)
    (tmp_path / "site" / "in.svg").symlink_to("pictures/a.svg")
    (tmp_path / "site" / "circle.svg").symlink_to("circle.svg")

    for name in ("out.svg", "folder/secret.svg"):
        with pytest.raises(NoPicture, match="leads out of the folder"):
            read_picture(tmp_path / "site", name)
    with pytest.raises(NoPicture, match="cannot be read"):
        read_picture(tmp_path / "site", "circle.svg")
    assert b"<g>" in read_picture(tmp_path / "site", "in.svg").body


def test_a_picture_that_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.svg")
    (tmp_path / "folder.svg").mkdir()

    for name in ("pipe.svg", "folder.svg"):
        with pytest.raises(NoPicture, match="is not a file"):
            read_picture(tmp_path, name)


# ------------------------------------------------------------ what an SVG may hold


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("<script>alert(1)</script>", "<script> is not allowed"),
        ("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>", "<foreignObject> is not"),
        ("<image href='https://evil.example/x.png'/>", "<image> is not allowed"),
        ("<a href='#x'><path d=''/></a>", "<a> is not allowed"),
        ("<set attributeName='href' to='javascript:alert(1)'/>", "<set> is not allowed"),
        ("<animate attributeName='d'/>", "<animate> is not allowed"),
        ("<feImage href='x'/>", "<feImage> is not allowed"),
        ("<use href='other.svg#a'/>", "outside of the drawing"),
        ("<use xlink:href='https://evil.example/#a'/>", "outside of the drawing"),
        ("<use href='data:image/svg+xml,x#a'/>", "outside of the drawing"),
        ("<path onclick='alert(1)' d=''/>", "onclick= runs something"),
        ("<path ONLOAD='alert(1)' d=''/>", "ONLOAD= runs something"),
        ("<path fill='url(https://evil.example/#g)' d=''/>", "loads something"),
        ("<path style='fill:url(//evil.example)' d=''/>", "loads something"),
        ("<path style='fill:u\\72l(x)' d=''/>", "could load"),
        ("<path style='background:url( x' d=''/>", "could load"),
        ("<style>@import 'https://evil.example/x.css';</style>", "could load"),
        ("<style>path { fill: url('x') }</style>", "loads something"),
        ("<style><![CDATA[ @font-face {} ]]></style>", "could load"),
        ("<g>" * 60 + "</g>" * 60, "nested more than"),
        ("<g id='a'><use href='#a'/></g>", "shows itself"),
        ("<g/>" * 20_001, "more than 20000 parts"),
        ("<?xml-stylesheet href='x'?>", "processing instruction"),
        ("<path d='", "line 1"),
    ],
)
def test_a_drawing_that_could_do_something_is_refused(part, said):
    with pytest.raises(UnsafeSvg) as caught:
        cleaned(SVG.format(part).encode())

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("<text>&a;</text>"),
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.format("<text>&x;</text>"),
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">' + SVG.format(""),
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        + SVG.format("<text>&b;</text>"),
        SVG.format("<text>&undeclared;</text>"),
        '<?xml version="1.0" encoding="no-such"?>' + SVG.format(""),
        "<svg>",
        "<svg/>",
        "not a drawing",
        "",
    ],
)
def test_entities_doctypes_and_what_is_no_svg_are_refused(document):
    with pytest.raises(UnsafeSvg):
        cleaned(document.encode())


def test_a_few_uses_do_not_unfold_into_millions():
    doubled = "".join(f"<g id='n{n}'><use href='#n{n - 1}'/><use href='#n{n - 1}'/></g>" for n in range(1, 40))

    with pytest.raises(UnsafeSvg, match="unfold into more than"):
        cleaned(SVG.format("<g id='n0'/>" + doubled).encode())


def test_uses_that_lead_on_and_on_are_refused_and_do_not_end_the_check():
    chain = "".join(f"<use id='n{n}' href='#n{n + 1}'/>" for n in range(5_000))

    with pytest.raises(UnsafeSvg, match="lead on to each other"):
        cleaned(SVG.format(chain).encode())


def test_what_drawing_programs_leave_for_themselves_is_left_out_and_the_drawing_stays():
    drawing = SVG.format(
        "<metadata><x:y xmlns:x='urn:x'><script/></x:y></metadata>"
        "<i:namedview xmlns:i='http://www.inkscape.org/namespaces/inkscape'><script>1</script></i:namedview>"
        "<style>.a{fill:#333}</style>"
        "<defs><linearGradient id='g'><stop offset='0' stop-color='#fff'/></linearGradient></defs>"
        "<g i:label='x' xmlns:i='http://www.inkscape.org/namespaces/inkscape' class='a' unknown='1'>"
        "<path d='M0 0h5' fill='url(#g)'/><use xlink:href='#g'/><text x='1'>A &lt;b&gt; &amp; &quot;c&quot;</text></g>"
    )

    out = cleaned(drawing.encode()).decode()

    for gone in ("metadata", "script", "namedview", "inkscape", "unknown", "xlink"):
        assert gone not in out
    for kept in (".a{fill:#333}", "M0 0h5", 'fill="url(#g)"', 'href="#g"', "A &lt;b&gt; &amp;"):
        assert kept in out
    assert cleaned(out.encode()).decode() == out, "what was cleaned is clean"
