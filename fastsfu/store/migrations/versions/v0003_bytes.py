"""How much media each session had."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("attendances") as attendances:
        attendances.add_column(sa.Column("received_bytes", sa.BigInteger))
        attendances.add_column(sa.Column("sent_bytes", sa.BigInteger))
