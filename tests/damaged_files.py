"""Damaged versions of a file: cut short, with other bytes, and files of other programs."""

import random
from collections.abc import Iterator

FOREIGN = (b"", b"PK\x03\x04 a spreadsheet", b"{}", b"[1]", b"null", b"PAR1PAR1", b"\xff" * 100)


def damaged(content: bytes, count: int = 25) -> Iterator[bytes]:
    """Give ``count`` cut and ``count`` changed versions of ``content``, and foreign files."""
    chance = random.Random(14)
    step = max(1, len(content) // count)
    yield from (content[:end] for end in range(0, len(content), step))
    yield from (content[:end] for end in range(len(content) - 12, len(content)))
    for _ in range(count):
        changed = bytearray(content)
        start = chance.randrange(len(content))
        for place in range(start, min(start + chance.choice((1, 4, 64)), len(content))):
            changed[place] = chance.randrange(256)
        yield bytes(changed)
    yield from FOREIGN
