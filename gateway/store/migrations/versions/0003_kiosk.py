"""Kiosks: which person a user is, how to reach people, their pictures, and links for hosts"""

import sqlalchemy as sa
from alembic import op

from gateway.store.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PERSONAL = (
    ("holders", "id"),
    ("holders", "name"),
    ("credentials", "value"),
    ("papers", "body"),
    ("notes", "text"),
    ("plates_seen", "plate"),
    ("alarms", "detail"),
    ("alarms", "disposal"),
)


def upgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("holder", sa.String(length=32), nullable=True, comment="which person of the directory this is")
        )
        batch_op.create_unique_constraint(op.f("uq_users_holder"), ["holder"])
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kiosk",
                sa.String(length=63),
                nullable=True,
                comment="the gate at whose kiosk a guard signed on by card",
            )
        )
    with op.batch_alter_table("holders", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("left_at", UtcTime(), nullable=True, comment="since when this person is no longer of the school")
        )
    if op.get_bind().dialect.name == "postgresql":
        # The planner's samples would keep names and numbers that were erased.
        for table, column in PERSONAL:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    op.create_table(
        "contacts",
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("mail", sa.String(length=200), nullable=False),
        sa.Column(
            "messenger",
            sa.String(length=500),
            nullable=False,
            comment="an apprise address, sealed with the store key",
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holders.ref"], name=op.f("fk_contacts_holder_holders")),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_contacts")),
        comment="How to reach people of the school: the directory's numbers. Erased with the person.",
    )
    op.create_table(
        "portraits",
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holders.ref"], name=op.f("fk_portraits_holder_holders")),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_portraits")),
        comment="Pictures that the school keeps, for a guard to compare. No program compares them.",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("contacts", "phone"), ("contacts", "mail"), ("portraits", "jpeg")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    op.create_table(
        "host_links",
        sa.Column(
            "hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the link's secret: the table opens nothing",
        ),
        sa.Column("visit", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False, comment="the host who was asked"),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_host_links")),
        comment="Links by which a host answers for one visit, without an account.",
    )
    with op.batch_alter_table("host_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_host_links_visit"), ["visit"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column(
            "about",
            sa.String(length=160),
            nullable=False,
            comment="a visit, an identification or the key of a decision",
        ),
        sa.Column("recipient", sa.String(length=64), nullable=False, comment="a holder's reference, or robot:NAME"),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="waiting, sent, failed, dropped"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        comment="Who is to be told of what. No words and no address: both are looked up when it is sent.",
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_state_next_at"), ["state", "next_at"], unique=False)
    op.create_table(
        "erased",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_erased")),
        comment="References of people and credentials that are gone, so that a gateway that runs forgets them as well.",
    )
    with op.batch_alter_table("erased", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erased_version"), ["version"], unique=False)
    op.create_table(
        "passage_counts",
        sa.Column("day", sa.String(length=10), nullable=False, comment="the campus's own day"),
        sa.Column("portal", sa.String(length=63), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "portal", "direction", name=op.f("pk_passage_counts")),
        comment="How many went through, by day: numbers only, kept when the passages themselves name nobody any more.",
    )


def downgrade() -> None:
    raise NotImplementedError("a migration is not taken back; restore the backup of before")
