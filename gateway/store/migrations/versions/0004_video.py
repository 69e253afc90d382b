"""Health checks of cameras: every check, what each found, what cameras look like, and small pictures"""

import sqlalchemy as sa
from alembic import op

from gateway.store.tables import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_checks",
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False, comment="when the plan wanted this check"),
        sa.Column("at", UtcTime(), nullable=False, comment="when it was done or given up"),
        sa.Column("miss", sa.String(length=12), nullable=True, comment="why it was not done; empty: it was done"),
        sa.Column("findings", sa.Text(), nullable=False, comment="what stood at that moment, names parted by spaces"),
        sa.Column("measures", sa.Text(), nullable=False, comment="the numbers of the newest picture, JSON"),
        sa.Column("batch", sa.BigInteger(), nullable=False, comment="the ledger's record that covers it"),
        sa.PrimaryKeyConstraint("camera", "due_at", name=op.f("pk_camera_checks")),
        comment="Every planned check, done or missed. Kept some weeks; `camera_hours` has the sums for years.",
    )
    op.create_index(op.f("ix_camera_checks_batch"), "camera_checks", ["batch"], unique=False)
    op.create_table(
        "camera_hours",
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("hour", UtcTime(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("missed_camera", sa.Integer(), nullable=False),
        sa.Column("missed_gateway", sa.Integer(), nullable=False),
        sa.Column("missed_overload", sa.Integer(), nullable=False),
        sa.Column("missed_maintenance", sa.Integer(), nullable=False),
        sa.Column("healthy", sa.Integer(), nullable=False, comment="of those done, how many found nothing"),
        sa.PrimaryKeyConstraint("camera", "hour", name=op.f("pk_camera_hours")),
        comment="What each hour's checks of a camera came to.",
    )
    op.create_index(op.f("ix_camera_hours_hour"), "camera_hours", ["hour"], unique=False)
    op.create_table(
        "camera_pictures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False, comment="finding, cleared, reference, before, after"),
        sa.Column(
            "of", sa.String(length=64), nullable=True, comment="the spell, reference or alarm that it belongs to"
        ),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_pictures")),
        comment="Small pictures, areas of the configuration blurred; erased after some days unless a case is open.",
    )
    op.create_index(op.f("ix_camera_pictures_at"), "camera_pictures", ["at"], unique=False)
    op.create_index(op.f("ix_camera_pictures_camera_at"), "camera_pictures", ["camera", "at"], unique=False)
    op.create_index(op.f("ix_camera_pictures_of"), "camera_pictures", ["of"], unique=False)
    op.create_table(
        "camera_references",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False, comment="day or infrared"),
        sa.Column(
            "part", sa.Integer(), nullable=False, comment="of the day, 0 to 5: four hours each, by the site's clock"
        ),
        sa.Column("state", sa.String(length=10), nullable=False, comment="learnt, confirmed, retired"),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True, comment="a user's reference"),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="numbers that pictures are compared with"),
        sa.Column("picture", sa.String(length=32), nullable=True, comment="of camera_pictures"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_references")),
        comment="What a camera looks like when all is well, by hour and by day or infrared; old ones are kept.",
    )
    op.create_index(op.f("ix_camera_references_camera"), "camera_references", ["camera"], unique=False)
    op.create_table(
        "camera_spells",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("finding", sa.String(length=20), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False, comment="the first look that showed it"),
        sa.Column("raised_at", UtcTime(), nullable=False),
        sa.Column("cleared_at", UtcTime(), nullable=True, comment="empty: it stands"),
        sa.Column("value", sa.Text(), nullable=False, comment="the measure and the threshold that it passed, JSON"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_spells")),
        comment="Each time something was wrong with a camera: from when to when.",
    )
    op.create_index(op.f("ix_camera_spells_camera_raised_at"), "camera_spells", ["camera", "raised_at"], unique=False)
    op.create_index(op.f("ix_camera_spells_cleared_at"), "camera_spells", ["cleared_at"], unique=False)
    op.create_table(
        "camera_states",
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("checked_until", UtcTime(), nullable=False, comment="up to here each planned check has its record"),
        sa.Column("health", sa.Text(), nullable=False, comment="the state of its judge, JSON"),
        sa.Column("recording", sa.Text(), nullable=False, comment="what its recorder said last, JSON"),
        sa.PrimaryKeyConstraint("camera", name=op.f("pk_camera_states")),
        comment="Where the round stood with each camera, so that a restart goes on from there.",
    )


def downgrade() -> None:
    raise NotImplementedError("a migration is not taken back; restore the backup of before")
