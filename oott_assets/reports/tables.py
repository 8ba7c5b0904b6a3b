"""Markdown tables for Dagster metadata, and numbers of things as text."""

from collections.abc import Iterable, Sequence

import dagster as dg

_MAX_ROWS = 50


def markdown_table(
    heading: Sequence[str], rows: Iterable[Sequence[object]]
) -> dg.MarkdownMetadataValue:
    """Write the first fifty ``rows`` as a table under ``heading``, and the number of the others."""
    lines = [tuple(row) for row in rows]
    table = [_line(heading), _line(["---"] * len(heading)), *map(_line, lines[:_MAX_ROWS])]
    more = [f"\nand {len(lines) - _MAX_ROWS} more"] if len(lines) > _MAX_ROWS else []
    return dg.MetadataValue.md("\n".join(table + more))


def counted(number: int, thing: str) -> str:
    """Write how many there are of a ``thing``, such as "1 photo" or "1,200 photos"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _line(cells: Sequence[object]) -> str:
    # File names and reasons are untrusted text: a "|" or a line break would end the cell.
    escaped = (str(cell).replace("|", "/").replace("\n", " ").replace("<", "") for cell in cells)
    return f"| {' | '.join(escaped)} |"
