"""Papers, PINs, notes, and passes with limited uses"""

import sqlalchemy as sa
from alembic import op

from gateway.store.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=64),
            nullable=True,
            comment="whom or what it is about: a reference, never a name",
        ),
        sa.Column("starts_at", UtcTime(), nullable=True),
        sa.Column("ends_at", UtcTime(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False, comment="false: it opens and forbids nothing any more"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_papers")),
        comment="Orders, emergencies, visits, slips …: each a typed value of core/papers. Retention erases rows.",
    )
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_papers_starts_at"), ["starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_papers_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_papers_version"), ["version"], unique=False)
    op.create_table(
        "pins",
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="HMAC under the store key; no PIN is kept"),
        sa.Column("duress", sa.String(length=64), nullable=True),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holders.ref"], name=op.f("fk_pins_holder_holders")),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_pins")),
    )
    op.create_table(
        "notes",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_notes")),
        comment="What people typed beside an act: the ledger names only the reference, so that retention can erase it.",
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notes_at"), ["at"], unique=False)
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.add_column(sa.Column("max_uses", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("used", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("a migration is not taken back; restore the backup of before")
