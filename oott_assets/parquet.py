"""Tables as parquet files."""

import io

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_of(table: pa.Table) -> bytes:
    """Encode ``table`` as a parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def table_in(file: bytes) -> pa.Table:
    """Read a table that ``parquet_of`` encoded."""
    # In threads, as read_table reads, the last let go of the file while Python ends, which now and
    # then ends a command that was done with SIGABRT.
    return pq.ParquetFile(io.BytesIO(file)).read(use_threads=False)
