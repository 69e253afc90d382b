"""How to reach people, and the school's pictures of them, as the database has both."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.flows.ports import Contact
from gateway.store.sealing import Sealer
from gateway.store.tables import contacts, portraits


def find_contact(connection: Connection, ref: str, sealer: Sealer) -> Contact | None:
    """How to reach somebody; None where the directory does not say. Raises `WrongStoreKey`."""
    row = connection.execute(sa.select(contacts).where(contacts.c.holder == ref)).first()
    if row is None:
        return None
    messenger = sealer.open(row.messenger).decode() if row.messenger else ""
    return Contact(row.phone, row.mail, messenger, row.at)


def find_portrait(connection: Connection, ref: str) -> bytes | None:
    """The school's picture of somebody, a JPEG; None if there is none."""
    jpeg: bytes | None = connection.execute(sa.select(portraits.c.jpeg).where(portraits.c.holder == ref)).scalar()
    return jpeg
