"""Encodes tables as parquet files, and reads them back."""

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def to_parquet(table: pa.Table) -> bytes:
    """Encode ``table`` as a parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def from_parquet(file: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table that ``to_parquet`` encoded, or only its ``columns``."""
    # pq.read_table reads in threads. A thread that still holds the file while Python exits
    # sometimes kills the finished command with SIGABRT.
    return pq.ParquetFile(io.BytesIO(file)).read(columns, use_threads=False)
