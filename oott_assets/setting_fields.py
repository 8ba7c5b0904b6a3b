"""Fields of Dagster resources, with the descriptions and defaults of the settings."""

from typing import Any

from pydantic import Field

from oott_fashion.settings import SharedSettings


def from_setting(kind: type[SharedSettings], name: str, *, required: bool = False) -> Any:
    """Make a resource field with the description and the default of a setting.

    Args:
        required: the field has no default. Settings for places in the home folder need this.
    """
    setting = kind.model_fields[name]
    return Field(
        ... if required else setting.default,
        description=f"OOTT_{name.upper()}: {setting.description}",
    )
