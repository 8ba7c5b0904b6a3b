"""Tables as parquet files."""

import io

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_of(table: pa.Table) -> bytes:
    """Encode ``table`` as a parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()
