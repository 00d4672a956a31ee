"""What became of reading each file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8a2d5c61b7f4"
down_revision = "4c1f0a9d7e21"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""

    def text(name: str, **options: object) -> sa.Column[str]:
        return sa.Column(name, sa.UnicodeText, nullable=False, **options)  # type: ignore[arg-type]

    def number(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.Integer, nullable=False, server_default="0")

    op.create_table(
        "myk_file_text",
        text("file", primary_key=True),
        text("record", index=True),
        text("source"),
        text("state", index=True),
        *(text(name, server_default="") for name in ("reason", "version", "kind", "language")),
        *(number(name) for name in ("pages", "words", "passages")),
        sa.Column("ocr", sa.Boolean, nullable=False, server_default=sa.false()),
        number("tries"),
        sa.Column(
            "changed", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("myk_file_text")
