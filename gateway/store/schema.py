"""The schema of a database: is it ours, is it the newest, and if not, bring it there.

Alembic does the bringing, and is only loaded when there is something to bring: a gateway that starts on a database that
it knows has no time for it.
"""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

MIGRATIONS = Path(__file__).parent / "migrations"
NOBODY_ELSE = 20261121
"""The advisory lock under which PostgreSQL is migrated: two gateways that start together must not do it together."""


class SchemaNotKnown(Exception):
    """The database was made by a newer program, or is not a gateway's."""


def known() -> list[str]:
    """Every revision that this program knows, the oldest first: they are numbered by file name."""
    return sorted(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def check_is_ours(url: sa.URL) -> None:
    """Look at a SQLite file without touching it: opening it as ours would already write to it.

    Raises `SchemaNotKnown`, or what the database raises for a file that is none.
    """
    path = Path(str(url.database))
    if not path.is_file() or not path.stat().st_size:
        return
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=sa.NullPool)
    with engine.connect() as connection:
        _check(revision_of(connection))


NEWEST = "head"
"""Alembic's word for it."""


def make(connection: Connection, revision: str) -> None:
    """Bring the schema to `revision` in the transaction that is under way: of an empty database, or of an older one."""
    _upgrade(connection, revision)


def bring_up_to_date(engine: Engine) -> None:
    """Make or migrate the schema. Raises `SchemaNotKnown`, or what the database raises; then nothing was changed."""
    newest = known()[-1]
    with engine.connect() as connection:
        found = revision_of(connection)
        if found == newest:
            return
        _check(found)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NOBODY_ELSE})
        if sa.inspect(connection).has_table("alembic_version"):
            # A database that takes no writes says so here, and not in the middle of something.
            connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
        if revision_of(connection) != newest:
            _upgrade(connection)


def _check(revision: str | None) -> None:
    if revision is not None and revision not in known():
        raise SchemaNotKnown(f"its schema {revision!r} is none that this program knows")


def revision_of(connection: Connection) -> str | None:
    """Which revision the database has; None if it is new."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, to: str = NEWEST) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise SchemaNotKnown(str(error)) from error
