"""The control room: alarms that are shelved, grouped, escalated and closed with a code"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.store.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ALARM_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column(
        "disposal_code",
        sa.String(length=20),
        nullable=True,
        comment="what it turned out to be; `disposal` is what was typed beside it",
    ),
    sa.Column(
        "holds", sa.Boolean(), nullable=False, server_default=sa.true(), comment="its cause has not been seen to end"
    ),
    sa.Column("zone", sa.String(length=63), nullable=True),
    sa.Column("room", sa.String(length=63), nullable=True, comment="the control room whose zone it is in"),
    sa.Column(
        "taken_over_by", sa.String(length=63), nullable=True, comment="the other control room that deals with it"
    ),
    sa.Column("in_group", sa.String(length=32), nullable=True, comment="the alarm of which it is a member"),
    sa.Column("chattering", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("acknowledged_at", UtcTime(), nullable=True),
    sa.Column("told_at", UtcTime(), nullable=True, comment="when people last heard of it"),
    sa.Column("escalated_at", UtcTime(), nullable=True),
    sa.Column("shelved_until", UtcTime(), nullable=True),
    sa.Column("shelf_reason", sa.String(length=20), nullable=True, comment="why it is shelved or out of service"),
    sa.Column("shelved_by", sa.String(length=64), nullable=True),
    sa.Column("work", sa.Text(), nullable=True, comment="steps that were ticked and calls that were made, JSON"),
    sa.Column("incident", sa.String(length=32), nullable=True),
)


def upgrade() -> None:
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        for column in ALARM_COLUMNS:
            batch_op.add_column(column)
        batch_op.create_index(op.f("ix_alarms_in_group"), ["in_group"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("a migration is not taken back; restore the backup of before")
