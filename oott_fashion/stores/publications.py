"""The history of a model store: which version was made the latest, when, by whom and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter


class Publication(BaseModel):
    """One entry of the history: a version was made the latest."""

    model_config = ConfigDict(frozen=True)

    version: str
    at: AwareDatetime
    by: str = Field(min_length=1, description="The run or the user that published it.")
    reason: str | None = Field(description="Why it was published against a rule, or again.")

    @classmethod
    def now(cls, version: str, by: str, reason: str | None) -> Self:
        """Describe a publication that happens now."""
        return cls(version=version, at=datetime.now(UTC), by=by, reason=reason)


_HISTORY = TypeAdapter(list[Publication])


def read_history(content: bytes) -> list[Publication]:
    """Parse the history, oldest first.

    Raises:
        ValidationError: ``content`` is not a JSON list of publications.
    """
    return _HISTORY.validate_json(content)


def written_history(history: Sequence[Publication]) -> bytes:
    """Write the history as JSON."""
    return _HISTORY.dump_json(list(history), indent=2) + b"\n"
