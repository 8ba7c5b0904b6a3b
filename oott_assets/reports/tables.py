"""Tables as Markdown, for people who look at metadata."""

from collections.abc import Iterable, Sequence

import dagster as dg

_MAX_ROWS = 50


def listed(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """Write the first fifty ``rows`` as a table under ``heading``, and how many more there are."""
    lines = [tuple(row) for row in rows]
    table = [_line(heading), _line(["---"] * len(heading)), *map(_line, lines[:_MAX_ROWS])]
    more = [f"\nand {len(lines) - _MAX_ROWS} more"] if len(lines) > _MAX_ROWS else []
    return dg.MetadataValue.md("\n".join(table + more))


def _line(cells: Sequence[object]) -> str:
    # File names and reasons come from strangers: a bar or a line break would end the cell.
    written = (str(cell).replace("|", "/").replace("\n", " ").replace("<", "") for cell in cells)
    return f"| {' | '.join(written)} |"
