"""Encodes tables as parquet files, reads them back, and reports damaged files."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from oott_fashion.stores.blobs import DamagedBlob

# What pyarrow and json raise for bytes that are not theirs.
_PARSER_ERRORS = (pa.ArrowException, AttributeError, LookupError, OSError, TypeError, ValueError)


def to_parquet(table: pa.Table) -> bytes:
    """Encode ``table`` as a parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file, write_page_checksum=True)
    return file.getvalue()


def from_parquet(file: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table that ``to_parquet`` encoded, or only its ``columns``."""
    # pq.read_table reads in threads. A thread that still holds the file while Python exits
    # sometimes kills the finished command with SIGABRT.
    parquet = pq.ParquetFile(io.BytesIO(file), page_checksum_verification=True)
    table = parquet.read(columns, use_threads=False)
    table.validate(full=True)
    return table


@contextmanager
def damage_reported(where: str, remedy: str) -> Iterator[None]:
    """Turn each error of a parser into one sentence about the file ``where``.

    Raises:
        DamagedBlob: the file is truncated, or another program or release wrote it.
    """
    try:
        yield
    except _PARSER_ERRORS:
        # The texts of the parsers have several lines, and say nothing that helps.
        raise DamagedBlob(
            f"{where} is damaged, or another program or release wrote it; {remedy}"
        ) from None
