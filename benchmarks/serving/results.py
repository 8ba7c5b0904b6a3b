"""The rows of the comparison, their table in Markdown and their picture."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import vl_convert
from PIL import Image

from benchmarks.serving.load import Load
from benchmarks.serving.raw_engine import RawEngine


class Row(NamedTuple):
    """A server with a number of clients."""

    title: str
    clients: int
    load: Load
    cpu_seconds: float
    memory_bytes: int

    def cpu_milliseconds(self) -> float:
        """Give the CPU time of the server for a request."""
        return 1000 * self.cpu_seconds / len(self.load.answers)


def table_head(raw: RawEngine) -> str:
    """Write the head of the table, and the engine alone as its first row."""
    return (
        "| server | clients | requests | requests/s | of the engine | p50 ms | p99 ms | CPU ms | "
        "client's CPU ms | memory MB | failures |\n" + "|---" * 11 + "|\n"
        f"| engine alone, 2 processes | | | {raw.per_second:.1f} | 1.00 | | | "
        f"{raw.cpu_milliseconds:.1f} | | | |"
    )


def table_line(row: Row, raw: RawEngine) -> str:
    """Write a row of the table."""
    load = row.load
    client_cpu = 1000 * load.client_cpu_seconds / len(load.answers)
    return (
        f"| {row.title} | {row.clients} | {len(load.answers)} | {load.per_second:.1f} | "
        f"{load.per_second / raw.per_second:.2f} | {load.milliseconds(50):.0f} | "
        f"{load.milliseconds(99):.0f} | {row.cpu_milliseconds():.1f} | {client_cpu:.2f} | "
        f"{row.memory_bytes / 1e6:.0f} | {load.failures} |"
    )


def draw(rows: Sequence[Row], raw: RawEngine, file: Path) -> None:
    """Draw the requests per second of each server into a PNG."""
    values = [
        {"server": row.title, "clients": str(row.clients), "speed": row.load.per_second}
        for row in rows
    ]
    clients = [str(number) for number in sorted({row.clients for row in rows})]
    axes: dict[str, Any] = {
        "x": {"field": "clients", "type": "ordinal", "sort": clients, "axis": {"labelAngle": 0}},
        "y": {"field": "speed", "type": "quantitative", "title": "requests per second"},
    }
    colour = {"field": "server", "type": "nominal", "title": None, "legend": {"labelLimit": 400}}
    engine = {"y": {"datum": raw.per_second}}
    one: dict[str, Any] = {"values": [{}]}  # otherwise a mark is drawn once for each row
    chart = {
        "width": 420,
        "height": 260,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "line", "point": True},
                "encoding": {**axes, "color": colour},
            },
            {"data": one, "mark": {"type": "rule", "strokeDash": [6, 4]}, "encoding": engine},
            {
                "data": one,
                "mark": {"type": "text", "align": "left", "x": 4, "dy": -6},
                "encoding": {**engine, "text": {"value": "engine alone, 2 processes"}},
            },
        ],
    }
    png = vl_convert.vegalite_to_png(chart, scale=1.5)
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64).save(file, optimize=True)
