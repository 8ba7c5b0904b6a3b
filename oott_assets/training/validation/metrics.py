"""The metrics of a validated detector, as its card has them."""

from collections.abc import Mapping

from oott_assets.training.validation.resamples import estimate
from oott_assets.training.validation.validated import MIN_BOXES, Rows, Validated
from oott_fashion.garments import GARMENT_NAMES

COMMON_MAP50 = f"mAP50 of garments with {MIN_BOXES} boxes"

# These are numbers, not shares.
_COUNTED = ("photos", "boxes")

Metrics = dict[str, dict[str, float]]
"""Values of 0..1, and numbers of photos and boxes, by data set and by name."""


def metrics_of(validated: Validated) -> Metrics:
    """Give the metrics; "mAP50 low" and "mAP50 high" are the ends of the 95 % interval of mAP50.

    A data set without photos is left out, and so is a garment without boxes.
    """
    counts = validated.counts
    boxes = validated.boxes
    found = dict(zip(GARMENT_NAMES, counts.found.sum(axis=0).tolist(), strict=True))
    right = dict(zip(GARMENT_NAMES, counts.right.sum(axis=0).tolist(), strict=True))
    metrics = {
        "main_data": {
            "photos": float(validated.photos),
            "boxes": float(sum(boxes.values())),
            **_with_intervals(_overall(validated)),
            **{name: float(validated.ap50(name)[0]) for name in boxes},
        },
        "precision by garment": {
            name: right[name] / found[name] for name in GARMENT_NAMES if found[name]
        },
        "recall by garment": {name: right[name] / count for name, count in boxes.items()},
        "boxes by garment": {name: float(count) for name, count in boxes.items()},
        "confusion": _confusion_shares(validated, found),
        "closet": _closet_metrics(validated),
        "without clothes": _without_clothes_metrics(validated),
    }
    return {data: values for data, values in metrics.items() if values}


def is_of_all_garments(name: str) -> bool:
    """Tell whether ``name`` is a metric, and neither a garment nor an end of an interval."""
    return name not in GARMENT_NAMES and not name.endswith((" low", " high"))


def metric_text(values: Mapping[str, float], name: str) -> str:
    """Write the value of ``name`` in ``values``, with its interval if it has one."""
    if name not in values:
        return "-"
    if name in _COUNTED:
        return f"{values[name]:.0f}"
    if f"{name} low" not in values:
        return f"{values[name]:.3f}"
    return f"{values[name]:.3f} ({values[f'{name} low']:.3f} to {values[f'{name} high']:.3f})"


def _overall(validated: Validated) -> dict[str, Rows]:
    counts, weights = validated.counts, validated.weights
    return {
        "mAP50": validated.map50,
        "mAP50-95": validated.map50_95,
        COMMON_MAP50: validated.common_map50,
        "precision": counts.precision(weights),
        "recall": counts.recall(weights),
        "F1": counts.f1(weights),
        "share error": counts.share_error(weights),
    }


def _closet_metrics(validated: Validated) -> dict[str, float]:
    photos = len(validated.closet.right)
    if not photos:
        return {}
    return {
        "photos": float(photos),
        **_with_intervals({"label right": validated.closet_right}),
        "nothing found": validated.closet.found.count(None) / photos,
        **validated.closet.right_by_garment(),
    }


def _without_clothes_metrics(validated: Validated) -> dict[str, float]:
    photos = len(validated.without_clothes.right)
    if not photos:
        return {}
    return {
        "photos": float(photos),
        **_with_intervals({"nothing found": validated.nothing_right}),
    }


def _confusion_shares(validated: Validated, found: Mapping[str, int]) -> dict[str, float]:
    """Share of the true boxes called otherwise or missed; of the found ones, where nothing is."""
    confusion, boxes = validated.confusion, validated.boxes
    return {
        **{
            f"{true} as {called}": count / boxes[true]
            for (true, called), count in sorted(confusion.called.items())
        },
        **{
            f"{garment} missed": count / boxes[garment]
            for garment, count in sorted(confusion.missed.items())
        },
        **{
            f"{garment} where nothing is": count / found[garment]
            for garment, count in sorted(confusion.invented.items())
        },
    }


def _with_intervals(values: Mapping[str, Rows]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name, rows in values.items():
        value, low, high = estimate(rows)
        metrics |= {name: value, f"{name} low": max(low, 0.0), f"{name} high": min(high, 1.0)}
    return metrics
