"""Leave slips from a table: for an outing of a class, or from the school's own system. All lines or none."""

import asyncio
from datetime import UTC, datetime

from gateway.core.nouns import Directory
from gateway.core.papers import SlipReason
from gateway.flows import slips, tables_csv
from gateway.flows.permits import Step, WrongField, new_id
from gateway.flows.site import Site
from gateway.flows.tables_csv import Line

HEADER = ("student", "from", "to", "reason", "collector")
REASONS = tuple(reason.value for reason in SlipReason)
OF_THE_FILE = {"holder": "student", "starts_at": "from", "ends_at": "to", "collector": "collector"}
"""What the table calls the fields of a slip."""


async def import_slips(site: Site, data: bytes, who: slips.Teacher) -> int:
    """Give the slips of a table, or ask for those that are others' to give; how many there were.

    Raises `BadTable`, `LedgerUnavailable`.
    """
    lines = await asyncio.to_thread(tables_csv.read_table, data, HEADER)

    def work_out(directory: Directory, now: datetime) -> list[Step]:
        return tables_csv.each(lines, lambda line: _step(site, directory, now, line, who))

    return len(await tables_csv.take_over(site, work_out))


def _step(site: Site, directory: Directory, now: datetime, line: Line, who: slips.Teacher) -> Step:
    wanted = slips.Wanted(
        line.cells["student"],
        tables_csv.moment_of(site, line, "from").astimezone(UTC),
        tables_csv.moment_of(site, line, "to").astimezone(UTC),
        SlipReason(tables_csv.word_of(line, "reason", REASONS)),
        line.cells["collector"] or None,
    )
    try:
        return slips.to_give(site, directory, now, new_id(), wanted, who)
    except WrongField as error:
        raise WrongField(OF_THE_FILE.get(error.field, error.field), error.message) from None
