"""Puts the trend page together: template, styles, charts, scripts and data in one HTML file."""

import base64
import hashlib
import html
from functools import cache
from importlib.resources import files
from string import Template

# The last one draws the page, so it needs the others.
_SCRIPTS = (
    "texts.js",
    "estimates.js",
    "names.js",
    "figures.js",
    "charts.js",
    "elements.js",
    "changes.js",
    "shares.js",
    "outlook.js",
    "page.js",
)

# Nothing is loaded from anywhere, and only these scripts run. Vega compiles its expressions, and
# adds its styles, so it needs the two "unsafe" rules.
_POLICY = (
    "default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)


def trend_page(data: str) -> str:
    """Write the page that shows ``data``, which is JSON."""
    scripts = [_charts_library(), _outfit_figures(), *map(_text_of, _SCRIPTS)]
    return Template(_text_of("page.html")).substitute(
        policy=html.escape(_POLICY.format(hashes=" ".join(map(_hash_of, scripts)))),
        style=_text_of("page.css"),
        data=_escaped(data),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _escaped(data: str) -> str:
    # The name of a place is user data. Without a "<" it cannot end the script element.
    return data.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def _hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _text_of(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _outfit_figures() -> str:
    return files("oott_fashion").joinpath("outfit_figures.js").read_text(encoding="utf-8")


@cache
def _charts_library() -> str:
    """Give Vega-Lite as one script, which defines ``vegaEmbed``."""
    import vl_convert  # it takes 20 MB, and only this page needs it

    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"(() => {{{script}}})();"  # its names must not meet those of the page
