from oott_fashion.stores.gcs_requests import Timeouts


def test_short_timeouts_limit_a_single_request() -> None:
    assert sum(Timeouts(1.0).timeout()) <= 2


def test_a_large_upload_has_enough_time_on_a_slow_connection() -> None:
    seconds_to_send, _ = Timeouts(20.0).timeout(upload_bytes=40_000_000)

    assert seconds_to_send > 40  # at 8 Mbit/s
