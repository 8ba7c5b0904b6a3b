"""A page that shows two versions side by side: their metrics, and the photos where they differ."""

import base64
import io
from collections.abc import Sequence
from html import escape

from PIL import Image

from oott_assets.reports.pictures import draw_detections
from oott_assets.training.versions.differences import Difference
from oott_fashion.vision.detections import Detection

NOT_MEASURED = "The versions are not measured, because main_data was never materialised"

_TILE = (420, 560)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .1rem .8rem; text-align: left }
tr:nth-child(even) { background: #f2f2f2 }
figure { margin: 2rem 0; border-top: 1px solid #ccc; padding-top: 1rem }
img { width: 49%; max-width: 420px; vertical-align: top }
"""


def comparison_page(
    versions: tuple[str, str],
    rows: Sequence[Sequence[str]],
    photos: str,
    shown: Sequence[Difference],
) -> str:
    """Write the page as HTML that needs no other file.

    Args:
        versions: the names of the two versions.
        rows: the rows of the table of metrics, see ``version_metrics``.
        photos: where the photos come from, and how many there are.
        shown: the photos to show, in this order.
    """
    first, second = (escape(version) for version in versions)
    figures = "".join(_figure(difference) for difference in shown)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{first} and {second}</title>'
        f"<style>{_STYLE}</style><h1>{first} and {second}</h1>"
        f"{_table(first, second, rows)}"
        f"<h2>Photos</h2><p>{escape(photos)}. The photos that differ most come first. Left: "
        f"{first}. Right: {second}.</p>{figures}</html>\n"
    )


def _table(first: str, second: str, rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<p>{NOT_MEASURED}.</p>"
    heading = f"<tr><th>measured<th>{first}<th>{second}<th>change</tr>"
    return f"<table>{heading}{_table_rows(rows)}</table>"


def _table_rows(rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}</tr>" for row in rows)


def _figure(difference: Difference) -> str:
    sides = (("left", difference.only_first), ("right", difference.only_second))
    captions = [f"only {side}: {_names(found)}" for side, found in sides if found]
    pictures = (_picture(difference, found) for found in (difference.first, difference.second))
    return (
        f"<figure>{' '.join(pictures)}<figcaption><b>{escape(difference.photo.name)}</b><br>"
        f"{'; '.join(captions) or 'no difference'}</figcaption></figure>"
    )


def _names(found: Sequence[Detection]) -> str:
    return escape(", ".join(f"{each.garment} {each.confidence:.2f}" for each in found))


def _picture(difference: Difference, found: Sequence[Detection]) -> str:
    jpeg = io.BytesIO()
    Image.fromarray(draw_detections(difference.photo.pixels, found, _TILE)).save(
        jpeg, "JPEG", quality=80
    )
    data = base64.b64encode(jpeg.getvalue()).decode()
    return f'<img src="data:image/jpeg;base64,{data}" alt="{_names(found) or "nothing found"}">'
