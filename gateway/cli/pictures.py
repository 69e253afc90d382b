"""`wardgate import pictures`: the school's own pictures, one file for each person."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.flows.changes import PortraitKept
from gateway.flows.portraits import BYTES_AT_MOST, NoPicture, redraw
from gateway.flows.ports import Entry, Unit
from gateway.settings import environment, load
from gateway.store.changes import apply_changes
from gateway.store.people import refs_by_id

ENDINGS = frozenset({".jpg", ".jpeg", ".png"})


def import_pictures(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pictures, each named by the person's id: S-1.jpg.")],
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Keep a picture of each person whose id is a file's name: JPEG or PNG, 200 KB and 2000 points at most.

    Each is drawn anew, smaller and without what files carry beside the picture. A bad one is named; the others are
    kept.
    """
    settings = load(config, environment())
    if not folder.is_dir():
        fail(f"{folder}: there is no such folder", COULD_NOT_RUN)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in ENDINGS)
    kept, bad = 0, []
    with open_site_store(settings) as store:
        people = store.read(refs_by_id)
        for path in files:
            try:
                _keep(store, people, path)
                kept += 1
            except (NoPicture, OSError) as error:
                bad.append((path.name, str(error) if isinstance(error, NoPicture) else "cannot be read"))
    if as_json:
        result_json({"kept": kept, "bad": [{"file": name, "message": said} for name, said in bad]})
    else:
        for name, said in bad:
            say(f"{name}: {said}")
        result(f"{kept} kept, {len(bad)} bad")
    if bad:
        raise typer.Exit(FOUND_WRONG)


def _keep(store: SiteStore, people: dict[str, str], path: Path) -> None:
    ref = people.get(path.stem)
    if ref is None:
        raise NoPicture("nobody has this id")
    with path.open("rb") as stream:
        jpeg = redraw(stream.read(BYTES_AT_MOST + 1))
    at = now()
    entry = Entry("portrait", at, {"holder": ref, "step": "kept", "by": BY})
    fact = PortraitKept(ref, jpeg, at)
    store.commit(Unit((entry,), (lambda connection, version: apply_changes(connection, (fact,), version),)))
