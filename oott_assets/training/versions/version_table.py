"""The versions as text for a terminal, and as a table for the Dagster UI."""

import textwrap
from collections.abc import Iterator, Sequence

import dagster as dg

from oott_assets.reports.tables import markdown_table
from oott_assets.training.versions.known_versions import KnownVersion

# The heading of a column, and the data set and the name of the metric in it.
_METRICS = (
    ("mAP50", "main_data", "mAP50"),
    ("closet right", "closet", "label right"),
    ("nothing right", "without clothes", "nothing found"),
)
_WIDTH = 110


def version_lines(known: Sequence[KnownVersion]) -> str:
    """Write a line per version, with lines below it: who published it, its data, its problem."""
    if not known:
        return "no version is published yet; the first run publishes the starter detector\n"
    heading = ("", "version", "state", *(name for name, _, _ in _METRICS))
    rows = [("*" if each.is_current else "", *_cells(each)) for each in known]
    first, *lines = aligned([heading, *rows])
    blocks = [[line, *_details(each)] for line, each in zip(lines, known, strict=True)]
    return "\n".join([first, *(line for block in blocks for line in block)]) + "\n"


def version_table(known: Sequence[KnownVersion]) -> dg.MarkdownMetadataValue:
    """Write a row per version."""
    metrics = (name for name, _, _ in _METRICS)
    heading = ("version", "state", *metrics, "published", "trained on", "problem")
    rows = [
        (*_cells(each), _published(each) or each.decision, _trained_on(each), each.problem)
        for each in known
    ]
    return markdown_table(heading, rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write the cells of all rows in columns; the first row has the headings."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _cells(known: KnownVersion) -> tuple[str, ...]:
    values = [known.metric(data, name) for _, data, name in _METRICS]
    shown = ("-" if value is None else f"{value:.3f}" for value in values)
    return (known.version, known.state, *shown)


def _details(known: KnownVersion) -> Iterator[str]:
    texts = (_published(known), known.decision, _trained_on(known), known.problem)
    for text in texts:
        yield from textwrap.wrap(text, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8)


def _published(known: KnownVersion) -> str:
    if known.publication is None:
        return "published by an older OOTT" if known.is_published else ""
    at, by, reason = known.publication.at, known.publication.by, known.publication.reason
    why = f": {reason}" if reason else ""
    return f"published {at:%Y-%m-%d %H:%M} UTC by {by}{why}"


def _trained_on(known: KnownVersion) -> str:
    if known.detector is None:
        return ""
    card = known.detector.card
    licence = f"; licence {card.licence}" if card.licence else ""
    return f"trained on {card.trained_on}{licence}"
