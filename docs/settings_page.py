"""Writes the tables of docs/settings.md from the settings classes.

Run it with ``python docs/settings_page.py`` after a setting has changed. The text outside the two
marks is written by hand and stays.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))  # the packages are not installed

from oott_assets.alarms.settings import AlarmSettings  # noqa: E402
from oott_assets.photos.settings import PhotoSettings  # noqa: E402
from oott_assets.settings import RecordsSettings, TrendSettings  # noqa: E402
from oott_assets.training.settings import TrainingSettings  # noqa: E402
from oott_fashion.settings import SharedSettings  # noqa: E402
from oott_serving.settings import ServiceSettings  # noqa: E402

PAGE = PROJECT / "docs" / "settings.md"
BEGIN = "<!-- tables written by docs/settings_page.py -->"
END = "<!-- end of the tables -->"

SECTIONS: dict[str, type[SharedSettings]] = {
    "Shared: read by the pipeline and by the service": SharedSettings,
    "Photos: read by the pipeline": PhotoSettings,
    "Trends: read by the pipeline": TrendSettings,
    "Alarms: read by the pipeline": AlarmSettings,
    "Dagster's records: read by the pipeline": RecordsSettings,
    "Training: read by the pipeline": TrainingSettings,
    "Service: read by the closet service": ServiceSettings,
}


def page_with_tables(page: str) -> str:
    """Put the tables of today into the text of the page."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{_tables()}\n{END}{after}"


def own_fields(kind: type[SharedSettings]) -> dict[str, FieldInfo]:
    """Give the fields that ``kind`` adds to the shared ones."""
    shared = {} if kind is SharedSettings else SharedSettings.model_fields
    return {name: field for name, field in kind.model_fields.items() if name not in shared}


def _tables() -> str:
    return "\n".join(
        line for title, kind in SECTIONS.items() for line in _section(title, own_fields(kind))
    )


def _section(title: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| name | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields.items():
        yield f"| `OOTT_{name.upper()}` | {_shown(field.default)} | {field.description} |"
    yield ""


def _shown(default: object) -> str:
    if default in (None, "", ()):
        return ""
    if isinstance(default, Path) and default.is_relative_to(PROJECT):
        default = default.relative_to(PROJECT)
    return f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
