"""The rules that a detector must pass to be published: better where it counts, nowhere worse.

The functions give sentences that say what is against publishing; none if all is well.
"""

from collections.abc import Iterator, Mapping

from oott_assets.training.validation.comparison import Comparison
from oott_assets.training.validation.metrics import COMMON_MAP50
from oott_assets.training.validation.resamples import Estimate
from oott_assets.training.validation.validated import MIN_BOXES

# On street photos, the interval of the difference of two detectors with the same mAP50 goes 0.06 to
# each side with 100 photos, and 0.12 with 10 photos, where only dress shoes have ten boxes.
MIN_PHOTOS = 100

# 100 street photos have ten boxes of about ten garments, and 30 photos of three or four. The mean
# over so few garments says nothing about the others.
MIN_GARMENTS = 5

# With a lower mAP50, a detector misses more garments than it finds.
MIN_MAP50 = 0.2

# A garment may lose this much mAP50 for a gain elsewhere. With many photos, a smaller loss is
# certain, but nobody notices it in the counts.
MAX_GARMENT_LOSS = 0.05


def too_few_photos(photos: int, boxes: Mapping[str, int]) -> Iterator[str]:
    """Say whether the validation photos are too few to judge a detector."""
    if photos < MIN_PHOTOS:
        yield (
            f"{photos} validation photos are too few to judge it; expected at least {MIN_PHOTOS}: "
            "label more photos"
        )
    judged = sum(count >= MIN_BOXES for count in boxes.values())
    if judged < MIN_GARMENTS:
        yield (
            f"garments with {MIN_BOXES} or more boxes in the validation photos: {judged}; expected "
            f"at least {MIN_GARMENTS}: label more photos"
        )


def not_good_enough(map50: Estimate) -> Iterator[str]:
    """Say whether the first detector of a store is too bad to count with."""
    if map50.low < MIN_MAP50:
        yield (
            f"its {COMMON_MAP50} is {value_text(map50)}; the first detector of a store needs a "
            f"lower end of at least {MIN_MAP50:g}"
        )


def not_better(comparison: Comparison) -> Iterator[str]:
    """Say where a detector is not clearly better, or clearly worse, than the published one."""
    if comparison.map50.low <= 0:
        yield f"its {COMMON_MAP50} is not clearly higher: {gain_text(comparison.map50)}"
    overall = {
        "mAP50-95": comparison.map50_95,
        "share of closet photos with the right label": comparison.closet,
        "share of pictures without clothes in which it finds nothing": comparison.without_clothes,
    }
    for name, gain in overall.items():
        if gain is not None and gain.high < 0:
            yield f"its {name} is clearly lower: {gain_text(gain)}"
    for garment, gain in comparison.garments.items():
        if gain.high < -MAX_GARMENT_LOSS:
            yield f"its mAP50 of {garment} is clearly lower: {gain_text(gain)}"


def gain_text(gain: Estimate) -> str:
    """Write a difference with its interval."""
    return f"{gain.value:+.3f} (interval {gain.low:+.3f} to {gain.high:+.3f})"


def value_text(value: Estimate) -> str:
    """Write a value with its interval."""
    return f"{value.value:.3f} (interval {value.low:.3f} to {value.high:.3f})"
