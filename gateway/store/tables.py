"""The tables. Alembic's migrations under `migrations/` make them; a test keeps both equal.

Times are stored as whole milliseconds since 1970 UTC: both databases agree on that to the bit, and no naive time can
slip in. The ledger is append-only; everything else is what people change or what can be worked out again.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    true,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept as milliseconds since 1970 UTC; naive ones are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone does not go into the database")
        return round(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""SQLite makes a column the row's own id only if it is called INTEGER."""

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("directory_version", BigInteger, nullable=False),
    comment="One row: how long the ledger is, its last hash, and the version of the directory.",
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("key", String(200), unique=True),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    comment="Append-only, hash-chained. `key` names a fact that may be told more than once.",
)

holders = Table(
    "holders",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("groups", Text, nullable=False),
    Column("dormitory", String(63)),
    Column("suspended", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False, index=True),
    Column("left_at", UtcTime, comment="since when this person is no longer of the school"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("holder", String(32), ForeignKey("holders.ref"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("value", String(512), nullable=False),
    Column("state", String(10), nullable=False),
    Column("not_before", UtcTime),
    Column("not_after", UtcTime),
    Column("max_uses", Integer),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False, index=True),
    Index(None, "kind", "value"),
)

papers = Table(
    "papers",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("subject", String(64), index=True, comment="whom or what it is about: a reference, never a name"),
    Column("starts_at", UtcTime, index=True),
    Column("ends_at", UtcTime),
    Column("live", Boolean, nullable=False, comment="false: it opens and forbids nothing any more"),
    Column("body", Text, nullable=False),
    Column("version", BigInteger, nullable=False, index=True),
    comment="Orders, emergencies, visits, slips …: each a typed value of core/papers. Retention erases rows.",
)

pins = Table(
    "pins",
    metadata,
    Column("holder", String(32), ForeignKey("holders.ref"), primary_key=True),
    Column("digest", String(64), nullable=False, comment="HMAC under the store key; no PIN is kept"),
    Column("duress", String(64)),
    Column("set_at", UtcTime, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("portal", String(63)),
    Column("zone", String(63)),
    Column("locations", Text, nullable=False),
    Column("key", Text, nullable=False, comment="sealed with the store key of the configuration"),
    Column("password", Text, nullable=False, comment="sealed as well: the broker's password file is made from it"),
    Column("previous_key", Text),
    Column("previous_key_until", UtcTime),
    Column("enrolled_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
    Column("version", BigInteger, nullable=False, index=True),
)

postures = Table(
    "postures",
    metadata,
    Column("device", String(63), ForeignKey("devices.id"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("list_version", BigInteger, nullable=False),
    Column("list_digest", String(64), nullable=False),
    Column("list_expires_at", UtcTime),
    Column("list_directory", BigInteger, nullable=False),
    Column("revoked_version", BigInteger, nullable=False),
    Column("revoked_tokens", Text, nullable=False),
    comment="What each device was last told to enforce, so that an equal version is always the same bytes.",
)

event_marks = Table(
    "event_marks",
    metadata,
    Column("device", String(63), primary_key=True),
    Column("boot", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    comment="Up to which event of each boot the ledger is complete.",
)

plates_seen = Table(
    "plates_seen",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("plate", String(32), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    comment="Plates that cameras read: the ledger names only the reference, so that retention can erase them.",
)

notes = Table(
    "notes",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    comment="What people typed beside an act: the ledger names only the reference, so that retention can erase it.",
)

contacts = Table(
    "contacts",
    metadata,
    Column("holder", String(32), ForeignKey("holders.ref"), primary_key=True),
    Column("phone", String(40), nullable=False),
    Column("mail", String(200), nullable=False),
    Column("messenger", String(500), nullable=False, comment="an apprise address, sealed with the store key"),
    Column("at", UtcTime, nullable=False),
    comment="How to reach people of the school: the directory's numbers. Erased with the person.",
)

portraits = Table(
    "portraits",
    metadata,
    Column("holder", String(32), ForeignKey("holders.ref"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    comment="Pictures that the school keeps, for a guard to compare. No program compares them.",
)

host_links = Table(
    "host_links",
    metadata,
    Column("hash", String(64), primary_key=True, comment="SHA-256 of the link's secret: the table opens nothing"),
    Column("visit", String(64), nullable=False, index=True),
    Column("holder", String(32), nullable=False, comment="the host who was asked"),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    comment="Links by which a host answers for one visit, without an account.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("about", String(160), nullable=False, comment="a visit, an identification or the key of a decision"),
    Column("recipient", String(64), nullable=False, comment="a holder's reference, or robot:NAME"),
    Column("made_at", UtcTime, nullable=False),
    Column("state", String(10), nullable=False, comment="waiting, sent, failed, dropped"),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "state", "next_at"),
    comment="Who is to be told of what. No words and no address: both are looked up when it is sent.",
)

erased = Table(
    "erased",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("version", BigInteger, nullable=False, index=True),
    comment="References of people and credentials that are gone, so that a gateway that runs forgets them as well.",
)

passage_counts = Table(
    "passage_counts",
    metadata,
    Column("day", String(10), primary_key=True, comment="the campus's own day"),
    Column("portal", String(63), primary_key=True),
    Column("direction", String(3), primary_key=True),
    Column("count", Integer, nullable=False),
    comment="How many went through, by day: numbers only, kept when the passages themselves name nobody any more.",
)

camera_checks = Table(
    "camera_checks",
    metadata,
    Column("camera", String(63), primary_key=True),
    Column("due_at", UtcTime, primary_key=True, comment="when the plan wanted this check"),
    Column("at", UtcTime, nullable=False, comment="when it was done or given up"),
    Column("miss", String(12), comment="why it was not done; empty: it was done"),
    Column("findings", Text, nullable=False, comment="what stood at that moment, names parted by spaces"),
    Column("measures", Text, nullable=False, comment="the numbers of the newest picture, JSON"),
    Column("batch", BigInteger, nullable=False, index=True, comment="the ledger's record that covers it"),
    comment="Every planned check, done or missed. Kept some weeks; `camera_hours` has the sums for years.",
)

camera_hours = Table(
    "camera_hours",
    metadata,
    Column("camera", String(63), primary_key=True),
    Column("hour", UtcTime, primary_key=True),
    Column("planned", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("missed_camera", Integer, nullable=False),
    Column("missed_gateway", Integer, nullable=False),
    Column("missed_overload", Integer, nullable=False),
    Column("missed_maintenance", Integer, nullable=False),
    Column("healthy", Integer, nullable=False, comment="of those done, how many found nothing"),
    Index(None, "hour"),
    comment="What each hour's checks of a camera came to.",
)

camera_spells = Table(
    "camera_spells",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("camera", String(63), nullable=False),
    Column("finding", String(20), nullable=False),
    Column("began_at", UtcTime, nullable=False, comment="the first look that showed it"),
    Column("raised_at", UtcTime, nullable=False),
    Column("cleared_at", UtcTime, comment="empty: it stands"),
    Column("value", Text, nullable=False, comment="the measure and the threshold that it passed, JSON"),
    Index(None, "camera", "raised_at"),
    Index(None, "cleared_at"),
    comment="Each time something was wrong with a camera: from when to when.",
)

camera_references = Table(
    "camera_references",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("camera", String(63), nullable=False, index=True),
    Column("mode", String(10), nullable=False, comment="day or infrared"),
    Column("part", Integer, nullable=False, comment="of the day, 0 to 5: four hours each, by the site's clock"),
    Column("state", String(10), nullable=False, comment="learnt, confirmed, retired"),
    Column("made_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    Column("confirmed_by", String(64), comment="a user's reference"),
    Column("retired_at", UtcTime),
    Column("body", LargeBinary, nullable=False, comment="numbers that pictures are compared with"),
    Column("picture", String(32), comment="of camera_pictures"),
    comment="What a camera looks like when all is well, by hour and by day or infrared; old ones are kept.",
)

camera_pictures = Table(
    "camera_pictures",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("camera", String(63), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("why", String(12), nullable=False, comment="finding, cleared, reference, before, after"),
    Column("of", String(64), comment="the spell, reference or alarm that it belongs to"),
    Column("jpeg", LargeBinary, nullable=False),
    Index(None, "of"),
    Index(None, "camera", "at"),
    comment="Small pictures, areas of the configuration blurred; erased after some days unless a case is open.",
)

camera_states = Table(
    "camera_states",
    metadata,
    Column("camera", String(63), primary_key=True),
    Column("checked_until", UtcTime, nullable=False, comment="up to here each planned check has its record"),
    Column("health", Text, nullable=False, comment="the state of its judge, JSON"),
    Column("recording", Text, nullable=False, comment="what its recorder said last, JSON"),
    comment="Where the round stood with each camera, so that a restart goes on from there.",
)

presence = Table(
    "presence",
    metadata,
    Column("holder", String(32), ForeignKey("holders.ref"), primary_key=True),
    Column("zone", String(63), nullable=False),
    Column("state", String(10), nullable=False),
    Column("since", UtcTime, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("condition", String(40), nullable=False),
    Column("place", String(64), nullable=False),
    Column("priority", String(10), nullable=False),
    Column("detail", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("count", Integer, nullable=False),
    Column("opened_at", UtcTime, nullable=False, index=True),
    Column("last_at", UtcTime, nullable=False),
    Column("acknowledged_by", String(64)),
    Column("closed_at", UtcTime),
    Column("disposal", Text),
    Column("disposal_code", String(20), comment="what it turned out to be; `disposal` is what was typed beside it"),
    Column("holds", Boolean, nullable=False, server_default=true(), comment="its cause has not been seen to end"),
    Column("zone", String(63)),
    Column("room", String(63), comment="the control room whose zone it is in"),
    Column("taken_over_by", String(63), comment="the other control room that deals with it"),
    Column("in_group", String(32), index=True, comment="the alarm of which it is a member"),
    Column("chattering", Integer, nullable=False, server_default="0"),
    Column("acknowledged_at", UtcTime),
    Column("told_at", UtcTime, comment="when people last heard of it"),
    Column("escalated_at", UtcTime),
    Column("shelved_until", UtcTime),
    Column("shelf_reason", String(20), comment="why it is shelved or out of service"),
    Column("shelved_by", String(64)),
    Column("work", Text, comment="steps that were ticked and calls that were made, JSON"),
    Column("incident", String(32)),
    Index(None, "condition", "place", "state"),
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("ref", String(32), nullable=False, unique=True, comment="what the ledger calls this user"),
    Column("password_hash", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("language", String(5), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("holder", String(32), unique=True, comment="which person of the directory this is"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True, comment="SHA-256 of the cookie: the table opens no session"),
    Column("user", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("kiosk", String(63), comment="the gate at whose kiosk a guard signed on by card"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("label", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
)

instances = Table(
    "instances",
    metadata,
    Column("site", String(63), primary_key=True),
    Column("instance", String(32), nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    comment="Which gateway holds the site's lock, for the message of the one that comes second.",
)
