"""Make the table of saved decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table; texts alone, because they are the same in every database."""
    op.create_table(
        "recommend_decisions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kept_at", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("as_of", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False, unique=True),
    )
