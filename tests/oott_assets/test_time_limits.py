"""Calls end within their limit."""

import time

import pytest

from oott_assets.time_limits import within


def test_a_call_that_blocks_ends_at_the_limit() -> None:
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        within(0.05, lambda: time.sleep(5))

    assert time.monotonic() - began < 2


def test_the_result_or_the_error_of_a_call_is_passed_on() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
