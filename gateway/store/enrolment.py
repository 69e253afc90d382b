"""Enrolled devices in the database: the SQL behind `gateway.flows.enrolment`.

The functions that end in `_change` give a ledger something to do inside a transaction; keys and passwords are sealed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.flows.enrolment import OLD_KEY_LIFE, AlreadyEnrolled, BrokerUser, Enrolment, NotEnrolled, Place
from gateway.store.sealing import Sealer
from gateway.store.tables import devices

Change = Callable[[Connection, int], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """A device as a list shows it."""

    id: str
    kind: str
    place: Place
    enrolled_at: datetime
    retired_at: datetime | None


def enrol_change(enrolment: Enrolment, sealer: Sealer, now: datetime) -> Change:
    """Add a device, or bring one back that was retired. Raises `AlreadyEnrolled` inside the transaction."""

    def change(connection: Connection, version: int) -> None:
        before = connection.execute(sa.select(devices.c.retired_at).where(devices.c.id == enrolment.id)).one_or_none()
        if before is not None and before.retired_at is None:
            raise AlreadyEnrolled(enrolment.id)
        row = {
            "kind": enrolment.kind.value,
            "portal": enrolment.place.portal,
            "zone": enrolment.place.zone,
            "locations": msgspec.json.encode(enrolment.place.locations).decode(),
            "key": sealer.seal(enrolment.key),
            "password": sealer.seal(enrolment.password.encode()),
            "previous_key": None,
            "previous_key_until": None,
            "enrolled_at": now,
            "retired_at": None,
            "version": version,
        }
        if before is None:
            connection.execute(sa.insert(devices).values(id=enrolment.id, **row))
        else:
            connection.execute(sa.update(devices).where(devices.c.id == enrolment.id).values(**row))

    return change


def rotate_key_change(device: str, key: bytes, sealer: Sealer, now: datetime) -> Change:
    """Give a device a new key; the old one is taken for a while. Raises `NotEnrolled` inside the transaction."""

    def change(connection: Connection, version: int) -> None:
        old = connection.execute(
            sa.select(devices.c.key).where(devices.c.id == device, devices.c.retired_at.is_(None))
        ).one_or_none()
        if old is None:
            raise NotEnrolled(device)
        connection.execute(
            sa.update(devices)
            .where(devices.c.id == device)
            .values(
                key=sealer.seal(key),
                previous_key=old.key,
                previous_key_until=now + OLD_KEY_LIFE,
                version=version,
            )
        )

    return change


def replace_change(device: str, key: bytes, password: str, sealer: Sealer, now: datetime) -> Change:
    """Another box in the same place: new key and password, and nothing is taken under the old ones any more.

    Raises `NotEnrolled` inside the transaction.
    """

    def change(connection: Connection, version: int) -> None:
        done = connection.execute(
            sa.update(devices)
            .where(devices.c.id == device, devices.c.retired_at.is_(None))
            .values(
                key=sealer.seal(key),
                password=sealer.seal(password.encode()),
                previous_key=None,
                previous_key_until=None,
                enrolled_at=now,
                version=version,
            )
        )
        if done.rowcount != 1:
            raise NotEnrolled(device)

    return change


def retire_change(device: str, now: datetime) -> Change:
    """Let a device go; its row stays, so that its history keeps its name. Raises `NotEnrolled`."""

    def change(connection: Connection, version: int) -> None:
        done = connection.execute(
            sa.update(devices)
            .where(devices.c.id == device, devices.c.retired_at.is_(None))
            .values(retired_at=now, previous_key=None, previous_key_until=None, version=version)
        )
        if done.rowcount != 1:
            raise NotEnrolled(device)

    return change


def enrolled_named(connection: Connection, device: str) -> Listed | None:
    """The device of that id, retired or not."""
    row = connection.execute(sa.select(devices).where(devices.c.id == device)).one_or_none()
    return None if row is None else _listed(row)


def all_devices(connection: Connection, with_retired: bool = False) -> list[Listed]:
    """Every device, by kind and id."""
    query = sa.select(devices).order_by(devices.c.kind, devices.c.id)
    if not with_retired:
        query = query.where(devices.c.retired_at.is_(None))
    return [_listed(row) for row in connection.execute(query)]


def broker_users(connection: Connection, sealer: Sealer) -> list[BrokerUser]:
    """Every device that the broker lets in, by id."""
    rows = connection.execute(
        sa.select(devices.c.id, devices.c.kind, devices.c.password)
        .where(devices.c.retired_at.is_(None))
        .order_by(devices.c.id)
    )
    return [BrokerUser(row.id, row.kind, sealer.open(row.password).decode()) for row in rows]


def password_of(connection: Connection, device: str, sealer: Sealer) -> str:
    """The broker password of an enrolled device. Raises `NotEnrolled`."""
    sealed = connection.execute(
        sa.select(devices.c.password).where(devices.c.id == device, devices.c.retired_at.is_(None))
    ).scalar_one_or_none()
    if sealed is None:
        raise NotEnrolled(device)
    return sealer.open(sealed).decode()


def _listed(row: Row[tuple[object, ...]]) -> Listed:
    place = Place(row.portal, row.zone, tuple(msgspec.json.decode(row.locations)))
    return Listed(row.id, row.kind, place, row.enrolled_at, row.retired_at)
