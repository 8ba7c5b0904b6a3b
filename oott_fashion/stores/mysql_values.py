"""Converts values for MySQL, and remembers the text of names that it has converted before."""

from functools import lru_cache
from typing import Any

from mysql.connector.conversion import MySQLConverter

_MAX_REMEMBERED = 10_000


class RememberingConverter(MySQLConverter):
    """The driver's converter, which converts a value that comes again only once.

    A slice of the trend tables has a million values but only some hundred different ones. The
    driver converts each in Python, which takes longer than the server needs to store it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # 1, 1.0 and True are equal, but are written differently.
        remember = lru_cache(_MAX_REMEMBERED, typed=True)
        for step in ("to_mysql", "escape", "quote"):
            setattr(self, step, remember(getattr(self, step)))
