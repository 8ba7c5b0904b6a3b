"""The metrics of two versions side by side."""

from collections.abc import Iterator

from oott_assets.training.publication_rules import gain_text
from oott_assets.training.validation.comparison import Comparison
from oott_assets.training.validation.metrics import (
    COMMON_MAP50,
    Metrics,
    is_of_all_garments,
    metric_text,
)
from oott_assets.training.validation.resamples import Estimate
from oott_fashion.garments import GARMENT_NAMES

# Confusions have a row per pair of garments, which nobody reads.
_LEFT_OUT = ("confusion",)


def metric_rows(
    first: Metrics, second: Metrics, comparison: Comparison | None
) -> list[tuple[str, ...]]:
    """Give a row per metric: its name, both values, and the change; with 95 % intervals if known.

    The metrics of all garments together come first, then those of each garment.

    Args:
        comparison: ``second`` compared with ``first``, on the same photos.
    """
    changes = _changes(comparison) if comparison else {}
    rows: list[tuple[str, ...]] = []
    for data, name in (*_overall(first, second), *_by_garment(first, second)):
        before, after = first.get(data, {}), second.get(data, {})
        change = changes.get((data, name)) or _change(before.get(name), after.get(name))
        rows.append(
            (f"{data}: {name}", metric_text(before, name), metric_text(after, name), change)
        )
    return rows


def _overall(first: Metrics, second: Metrics) -> Iterator[tuple[str, str]]:
    for data in dict.fromkeys((*first, *second)):
        for name in dict.fromkeys((*first.get(data, {}), *second.get(data, {}))):
            if data not in _LEFT_OUT and is_of_all_garments(name):
                yield data, name


def _by_garment(first: Metrics, second: Metrics) -> Iterator[tuple[str, str]]:
    """Name the mAP50 on main_data of each garment, and its share of right closet labels."""
    for data in ("main_data", "closet"):
        for garment in GARMENT_NAMES:
            if garment in first.get(data, {}) or garment in second.get(data, {}):
                yield data, garment


def _changes(comparison: Comparison) -> dict[tuple[str, str], str]:
    known: dict[tuple[str, str], Estimate | None] = {
        ("main_data", COMMON_MAP50): comparison.map50,
        ("main_data", "mAP50-95"): comparison.map50_95,
        ("closet", "label right"): comparison.closet,
        ("without clothes", "nothing found"): comparison.without_clothes,
        **{("main_data", name): gain for name, gain in comparison.garments.items()},
    }
    return {key: gain_text(gain) for key, gain in known.items() if gain is not None}


def _change(before: float | None, after: float | None) -> str:
    return "" if before is None or after is None else f"{after - before:+.3f}"
