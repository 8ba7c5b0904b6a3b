"""Encodes tables as parquet files, and reads them back."""

import io

import pyarrow as pa
import pyarrow.parquet as pq


def to_parquet(table: pa.Table) -> bytes:
    """Encode ``table`` as a parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def from_parquet(file: bytes) -> pa.Table:
    """Read a table that ``to_parquet`` encoded."""
    # pq.read_table reads in threads. A thread that still holds the file while Python exits
    # sometimes kills the finished command with SIGABRT.
    return pq.ParquetFile(io.BytesIO(file)).read(use_threads=False)
