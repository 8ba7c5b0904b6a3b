"""What an alarm says, and the error of an alarm that did not arrive."""

from typing import NamedTuple, Self

_MAX_CHARACTERS = 500


class Alarm(NamedTuple):
    """A sentence for a person, and where to read on in the Dagster UI."""

    sentence: str
    link: str

    @classmethod
    def about(cls, sentence: str, link: str) -> Self:
        """Make an alarm whose sentence is one line of limited length."""
        line = " ".join(sentence.split())
        if len(line) > _MAX_CHARACTERS:
            line = f"{line[: _MAX_CHARACTERS - 1]}…"
        return cls(line, link)


class Undelivered(Exception):
    """An alarm did not arrive, or the server did not confirm it; the message has no secret."""
