"""`wardgate retention` and `wardgate import pictures`, as an administrator uses them."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy
import pytest

from gateway.cli.site_store import open_site_store
from gateway.core.kinds import CredentialKind
from gateway.core.papers import Essential, Vehicle, VehicleKind
from gateway.flows.changes import NoteKept, PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.settings import environment, load
from gateway.store.changes import apply_changes
from gateway.store.papers import changed_since
from gateway.store.people import known_people

HEADER = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to"
LINES = [f"p{n},Pupil Number {n},student,students,CARD{n},,,," for n in range(30)]


def note_of_long_ago(wardgate, text: str) -> None:
    at = datetime.now(UTC) - timedelta(days=200)
    fact = NoteKept("n1", text, at)
    with open_site_store(load(wardgate.site, environment())) as store:
        entry = Entry("note", datetime.now(UTC), {})
        store.commit(Unit((entry,), (lambda connection, version: apply_changes(connection, (fact,), version),)))


def take(wardgate, tmp_path, lines: list[str], *more: str):
    file = tmp_path / "people.csv"
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return wardgate("import", "people", str(file), "--json", *more)


def test_a_dry_run_says_what_is_due_and_erases_nothing_and_the_run_erases_the_bytes(wardgate):
    note_of_long_ago(wardgate, "Xanthippe was loud")
    data = wardgate.site / "data"

    dry = wardgate("retention", "--dry-run", "--json")
    still = b"Xanthippe" in b"".join(path.read_bytes() for path in data.iterdir())
    run = wardgate("retention")
    after = b"Xanthippe" in b"".join(path.read_bytes() for path in data.iterdir())
    again = wardgate("retention", "--json")

    assert dry.json == {"dry_run": True, "paused": False, "counts": {"notes": 1}} and still
    assert run.status == 0 and "notes: 1 erased (kept 180 days)" in run.err + run.out and not after
    assert again.json["counts"] == {}
    assert wardgate("ledger", "verify").status == 0


def test_other_numbers_of_days_need_a_written_reason(wardgate):
    file = wardgate.site / "wardgate.yaml"
    shorter = file.read_text("utf-8").replace("  notes_days: 180", "  notes_days: 30")

    file.write_text(shorter, "utf-8")
    without = wardgate("check-config")
    file.write_text(shorter.replace('#reason: ""', 'reason: "our data protection officer asked for it"'), "utf-8")
    with_one = wardgate("check-config")

    assert without.status == 1 and "need a written reason" in without.out
    assert with_one.status == 0


@pytest.mark.parametrize("told", [False, True], ids=["before-the-newest-record", "said-to-be-suspect"])
def test_by_a_clock_that_is_in_doubt_nothing_is_erased(wardgate, told):
    note_of_long_ago(wardgate, "Xanthippe was loud")
    wall = datetime.now(UTC)
    body = {"state": "suspect", "trusted_until": wall.isoformat()}
    row = Entry("clock_suspect", wall, body, "clock:" + "1".zfill(20))
    with open_site_store(load(wardgate.site, environment())) as store:
        store.commit(Unit((row if told else Entry("note", wall + timedelta(minutes=1), {}),)))

    answer = wardgate("retention")
    dry = wardgate("retention", "--dry-run", "--json")

    assert answer.status == 2 and "nothing was erased" in answer.err + answer.out
    assert dry.json["counts"] == {"notes": 1}


def test_the_vehicles_of_those_who_left_by_a_complete_file_end_with_it(wardgate, tmp_path):
    take(wardgate, tmp_path, [LINES[0].replace("CARD0,", "CARD0,京A00001"), *LINES[1:]])
    settings = load(wardgate.site, environment())
    with open_site_store(settings) as store:
        known = store.read(known_people)
        person = known.holders["p0"].ref
        (plate,) = (one.ref for one in known.credentials[person] if one.kind is CredentialKind.PLATE)
        papers = Vehicle(plate, VehicleKind.REGISTERED, holder=person), Essential(person, "u", datetime.now(UTC))
        filed = tuple(PaperFiled(paper) for paper in papers)
        store.commit(Unit((Entry("note", datetime.now(UTC), {}),), filed, directory=True))

    answer = take(wardgate, tmp_path, LINES[1:], "--complete")
    with open_site_store(settings) as store:
        live = store.read(lambda connection: list(changed_since(connection, 0)))
        held = store.read(known_people).credentials[person]

    assert answer.json["left"] == 1 and live == []
    assert {one.state.value for one in held if one.ref == plate} == {"revoked"}
    assert wardgate("ledger", "verify").status == 0


@pytest.mark.parametrize("id", ["v-" + "0a" * 10, "V-" + "0A" * 10])
def test_an_id_that_only_registrations_give_is_refused(wardgate, tmp_path, id):
    answer = take(wardgate, tmp_path, [f"{id},A Supplier,supplier,,,,,,", "V-0012,Another,supplier,,,,,,"])

    assert answer.status == 1
    assert [(line["line"], line["field"]) for line in answer.json["bad_lines"]] == [(2, "id")]


def test_whom_a_complete_file_does_not_name_has_left_and_comes_back_with_the_next_one(wardgate, tmp_path):
    take(wardgate, tmp_path, LINES)

    fewer = take(wardgate, tmp_path, LINES[3:], "--complete")
    same = take(wardgate, tmp_path, LINES[3:], "--complete")
    back = take(wardgate, tmp_path, LINES)

    assert (fewer.json["left"], same.json["left"]) == (3, 0)
    assert (back.json["updated"], back.json["unchanged"]) == (3, 27)


def test_a_file_without_half_the_school_is_no_file_of_everybody(wardgate, tmp_path):
    take(wardgate, tmp_path, LINES + [f"q{n},Q {n},student,students,,,,," for n in range(30)])

    answer = take(wardgate, tmp_path, LINES[:10], "--complete")

    assert answer.status == 1 and "not a file of everybody" in answer.out


def test_pictures_are_kept_by_the_files_name_and_each_bad_one_is_named(wardgate, tmp_path):
    take(wardgate, tmp_path, LINES)
    folder = tmp_path / "photos"
    folder.mkdir()
    image = cv2.imencode(".jpg", numpy.full((900, 700, 3), 90, numpy.uint8))[1].tobytes()
    (folder / "p1.jpg").write_bytes(image)
    (folder / "p2.PNG").write_bytes(cv2.imencode(".png", numpy.full((90, 70, 3), 90, numpy.uint8))[1].tobytes())
    (folder / "nobody.jpg").write_bytes(image)
    (folder / "p3.jpeg").write_bytes(b"not a picture")
    (folder / "list.txt").write_text("not looked at")

    answer = wardgate("import", "pictures", str(folder), "--json")

    assert answer.status == 1 and answer.json["kept"] == 2
    assert answer.json["bad"] == [
        {"file": "nobody.jpg", "message": "nobody has this id"},
        {"file": "p3.jpeg", "message": "this is no JPEG or PNG picture"},
    ]


@pytest.mark.parametrize("command", [["retention", "--help"], ["import", "pictures", "--help"]])
def test_help_has_an_example(wardgate, command):
    assert "Example: wardgate" in wardgate.bare(*command).out
