from oott_fashion.stores.gcs_requests import limits


def test_short_limits_limit_a_single_request() -> None:
    assert sum(limits(1.0)["timeout"]) <= 2


def test_a_large_upload_has_enough_time_on_a_slow_connection() -> None:
    seconds_to_send, _ = limits(20.0, upload_bytes=40_000_000)["timeout"]

    assert seconds_to_send > 40  # at 8 Mbit/s
