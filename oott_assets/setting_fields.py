"""Fields of Dagster resources, described in the launchpad as the settings are in the docs."""

from typing import Any

from pydantic import Field

from oott_fashion.settings import SharedSettings


def from_setting(kind: type[SharedSettings], name: str, *, required: bool = False) -> Any:
    """Make a resource field with the description and the default of a setting.

    Args:
        required: the field has no default, as a place in the home folder has none.
    """
    setting = kind.model_fields[name]
    return Field(
        ... if required else setting.default,
        description=f"OOTT_{name.upper()}: {setting.description}",
    )
