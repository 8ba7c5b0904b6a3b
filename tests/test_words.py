"""No text of the project uses archaic words, or our own words for things with a known name."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

# Each word with what to write instead.
AVOIDED = {
    "whoever": "the process that, anyone who",
    "whatever": "any, everything that",
    "lest": "so that ... not",
    "in vain": "without success",
    "shall": "will, must",
    "is told of": "is reported",
    "to be had": "available",
    "likewise": "also, in the same way",
    "but for": "except",
    "save for": "except",
    "for ever": "forever, without end",
    "so-manieth": "its number",
    "thereof": "of it",
    "hence": "so",
    "thus": "so",
    "ought": "should",
    "naught": "nothing",
    "of late": "recently",
    "whither": "where",
    "amiss": "wrong",
    "in whole numbers": "quantised to int8",
    "surest": "most confident",
    "told apart": "deduplicated, distinguished",
    "glimpse": "perceptual hash",
    "yardstick": "validation photos",
}

# A bound in a name is max_ or min_. The old names of settings are quoted, so they do not match.
BOUNDS = (
    r"(?<!\w)_?(most|least|fewest)_(?!common|worn|held_out|confident)\w+",
    r"^\s*(const )?_?(MOST|LEAST|FEWEST)_\w+\s*[:=]",
)

TEXTS = ("*.py", "*.md", "*.yaml", "*.yml", "*.toml", "*.sh", "Makefile", "*.js")


@cache
def texts() -> list[tuple[Path, str]]:
    listed = subprocess.run(
        ["git", "ls-files", *TEXTS], capture_output=True, text=True, check=True
    ).stdout
    files = [Path(name) for name in listed.splitlines() if Path(name).name != Path(__file__).name]
    return [(file, file.read_text(encoding="utf-8")) for file in files if file.is_file()]


def hits(pattern: str, flags: re.RegexFlag = re.MULTILINE) -> list[str]:
    """Give file, line and text of each match, also of one that goes over a line break."""
    return [
        f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {match[0].strip()}"
        for file, text in texts()
        for match in re.finditer(pattern, text, flags)
    ]


def test_no_text_uses_an_avoided_word() -> None:
    # A quoted word may be a key of a stored file, which cannot be renamed.
    words = "|".join(re.escape(word).replace(r"\ ", r"[\s#]+") for word in AVOIDED)
    found = hits(rf'\b({words})\b(?!")|(?<!")\b({words})\b', re.IGNORECASE)

    assert found == [], f"write instead: {AVOIDED}"


@pytest.mark.parametrize("pattern", BOUNDS)
def test_bounds_are_named_max_and_min(pattern: str) -> None:
    assert hits(pattern) == []


def test_no_sentence_begins_with_of_and_has_a_colon() -> None:
    # A pattern that begins with fixed text is 20 times as fast.
    begins = r"Of (?:(?<=[.:;#\"] Of )|(?<=\nOf ))"
    assert hits(begins + r"[^.:,\n]{2,40}:( |$)") == []
