"""Add an index for the query of the released recommender."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TABLE = "garment_trends"
_INDEX = "garment_trends_by_category"


def upgrade() -> None:
    """Create the index; the views are created again with the rights of the reader."""
    # After a killed migration, MySQL keeps the index that it already created.
    if _INDEX not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(_TABLE)}:
        op.create_index(
            _INDEX, _TABLE, ["destination_category", "category", "colour", "garment", "worn"]
        )
