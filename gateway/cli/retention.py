"""`wardgate retention`: what is kept how long and what is due; and the run that the gateway makes each night, now."""

import time
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import BY, SiteStore, now, open_site_store
from gateway.cli.speaking import COULD_NOT_RUN, fail, result, result_json, say
from gateway.flows.changes import RowsErased
from gateway.flows.clock_watch import KEY as CLOCK_KEY
from gateway.flows.clock_watch import LEAP_S
from gateway.flows.ports import Entry, Unit
from gateway.flows.retention import COUNTED_AT_MOST
from gateway.flows.retention_rules import Kept, Retention
from gateway.settings import environment, load
from gateway.store import retention as rows
from gateway.store.archive import newest_record, newest_told
from gateway.store.open_cases import holds

PAUSE_S = 0.05
TRIES = 20


def retention(
    config: ConfigOption = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due, and erase nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase what was kept long enough, as the gateway does each night; the run is on record.

    An open case keeps what belongs to it, or everything; while the clock is in doubt nothing is erased. The ledger
    itself is never erased: it names nobody.
    """
    settings = load(config, environment())
    with open_site_store(settings) as store:
        if not dry_run:
            _check_clock(store)
        paused = None in store.read(holds)
        if dry_run:
            counts = _due(store, settings.retention)
        else:
            counts = {} if paused else _erase(store, settings.retention)
            body = {"erased": counts, "files": 0, "days_counted": 0, "paused": paused, "by": BY}
            store.commit(Unit((Entry("retention_run", now(), body),)))
            if counts:
                _clean(store)
    if as_json:
        result_json({"dry_run": dry_run, "paused": paused, "counts": counts})
        return
    if paused:
        say("an open case keeps everything: nothing is erased")
    word = "due" if dry_run else "erased"
    days = {kept.value: settings.retention.days_of(kept) for kept in Kept}
    for name, count in counts.items():
        more = "+" if dry_run and count >= COUNTED_AT_MOST else ""
        say(f"{name}: {count}{more} {word} (kept {days[name]} days)")
    result(f"{sum(counts.values())} {word}")


def _due(store: SiteStore, rules: Retention) -> dict[str, int]:
    found = {
        kept.value: len(
            store.read(lambda connection, kept=kept: rows.due(connection, kept, rules, now(), COUNTED_AT_MOST))
        )
        for kept in Kept
    }
    return {name: count for name, count in found.items() if count}


def _erase(store: SiteStore, rules: Retention) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kept in Kept:
        before: list[str] = []
        while True:
            keys = store.read(lambda connection, kept=kept: rows.due(connection, kept, rules, now()))
            counts[kept.value] = counts.get(kept.value, 0) - len(set(keys) & set(before))
            if not keys or keys == before:
                break
            before = keys
            store.commit(Unit((), (RowsErased(kept, tuple(keys)),), directory=True))
            counts[kept.value] += len(keys)
            time.sleep(PAUSE_S)
    return {name: count for name, count in counts.items() if count}


def _check_clock(store: SiteStore) -> None:
    """The gateway's own look at its start: a clock that runs ahead would erase what is to be kept."""
    told = store.read(lambda connection: newest_told(connection, CLOCK_KEY))
    if told is not None and told[1]["state"] == "suspect":
        fail("the clock is suspect, and nobody has confirmed it yet: nothing was erased", COULD_NOT_RUN)
    newest = store.read(newest_record)
    if newest is not None and (newest - now()).total_seconds() > LEAP_S:
        fail(
            f"the clock shows {now():%Y-%m-%d %H:%M:%S} UTC, the newest record was written at "
            f"{newest:%Y-%m-%d %H:%M:%S} UTC: nothing was erased; set the clock right first",
            COULD_NOT_RUN,
        )


def _clean(store: SiteStore) -> None:
    for _ in range(TRIES):
        if rows.clean_files(store.database):
            return
        time.sleep(PAUSE_S * 10)
    say("warning: the database is being read; what was erased leaves its files at the next run")
