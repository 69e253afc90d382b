"""Kiosks: which person a user is, how to reach people, their pictures, and links for hosts"""

import sqlalchemy as sa
from alembic import op

from gateway.store.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    raise NotImplementedError("a migration is not taken back; restore the backup of before")
