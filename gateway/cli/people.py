"""`wardgate import people`: the school's own list into the directory."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.flows import leaving_school
from gateway.flows.changes import PeopleChanged
from gateway.flows.people_csv import MAX_FILE_BYTES, BadPeople, PeopleFile, read_people
from gateway.flows.people_import import Plan, people_imported, plan_import
from gateway.flows.ports import Entry, Outdated, Unit
from gateway.settings import environment, load
from gateway.store.papers import changed_since
from gateway.store.people import known_people

TRIES = 5
"""How often a plan is made anew because the directory changed meanwhile."""


def import_people(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file in UTF-8, or - for standard input.")],
    config: ConfigOption = HERE,
    complete: Annotated[
        bool, typer.Option("--complete", help="The file names everybody of the school: whom it does not name has left.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take people from a CSV file: all lines or none, every bad line named.

    The header is id,name,kind,groups,card,plate,dormitory,valid_from,valid_to, after which phone,mail may follow. A
    known id is updated to what its line says; people who do not stand in the file stay as they are, unless it is
    complete: then they have left, nothing opens to them, and in time they are erased.
    """
    settings = load(config, environment())
    data = _read(file)
    try:
        people = read_people(data, settings.campus)
        with open_site_store(settings) as store:
            plan = _write(store, people, complete)
    except BadPeople as error:
        _refuse(error, as_json)
    if as_json:
        blocked = [{"line": line.line, "field": line.field, "message": line.message} for line in plan.blocked]
        result_json(
            {
                "added": plan.added,
                "updated": plan.updated,
                "unchanged": plan.unchanged,
                "left": len(plan.left),
                "warnings": blocked,
            }
        )
        return
    for line in plan.blocked:
        say(f"warning: {line}")
    left = f", {len(plan.left)} left" if complete else ""
    result(f"{plan.added} added, {plan.updated} updated, {plan.unchanged} unchanged{left}")


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        with Path(file).open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror}", COULD_NOT_RUN)


def _write(store: SiteStore, people: PeopleFile, is_complete: bool) -> Plan:
    """Plan on what there is, write if nothing changed meanwhile: the database is held for the writing alone."""
    for _ in range(TRIES):
        plan = plan_import(people, store.read(known_people), is_complete)
        entry = people_imported(people, plan, BY, now())
        written = store.commit(_unit(store, plan, entry))
        if not isinstance(written, Outdated):
            return plan
    fail("others change the directory at the same time; try again", COULD_NOT_RUN)


def _unit(store: SiteStore, plan: Plan, entry: Entry) -> Unit:
    if not plan.left:
        changes = () if plan.is_empty else (PeopleChanged(plan),)
        return Unit((entry,), changes, directory=not plan.is_empty, based_on=plan.based_on)
    papers = store.read(lambda connection: list(changed_since(connection, 0)))
    steps = leaving_school.ended_by(papers, frozenset(plan.left), BY, entry.at)
    return leaving_school.unit_of(entry, PeopleChanged(plan), steps, entry.at, plan.based_on)


def _refuse(error: BadPeople, as_json: bool) -> None:
    if as_json:
        lines = [{"line": line.line, "field": line.field, "message": line.message} for line in error.lines]
        result_json({"ok": False, "bad_lines": lines})
    else:
        for line in error.lines:
            say(str(line))
    count = len({line.line for line in error.lines})
    fail(f"{count} bad line{'s' if count > 1 else ''}: nothing was imported", FOUND_WRONG)
