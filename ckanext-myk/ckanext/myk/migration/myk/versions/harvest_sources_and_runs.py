"""Harvest sources of the portal, and the runs of all sources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "4c1f0a9d7e21"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "myk_harvest_source",
        sa.Column("name", sa.UnicodeText, primary_key=True),
        sa.Column("config", JSONB),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("run_requested_at", moment),
        sa.Column("run_requested_by", sa.UnicodeText),
        sa.Column("created", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("modified", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("created_by", sa.UnicodeText),
    )
    op.create_table(
        "myk_harvest_run",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("source", sa.UnicodeText, nullable=False),
        sa.Column("started", moment, nullable=False),
        sa.Column("finished", moment),
        sa.Column("verdict", sa.UnicodeText),
        sa.Column("counts", JSONB),
        sa.Column("report", JSONB),
    )
    op.create_index(
        "myk_harvest_run_source", "myk_harvest_run", ["source", sa.text("started DESC")]
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("myk_harvest_run")
    op.drop_table("myk_harvest_source")
