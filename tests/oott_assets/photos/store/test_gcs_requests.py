from oott_assets.photos.store.gcs_requests import Timeouts


def test_who_has_little_patience_does_not_wait_long_for_one_answer() -> None:
    assert sum(Timeouts(1.0).timeout()) <= 2


def test_a_large_upload_has_time_to_pass_a_slow_line() -> None:
    seconds_to_send, _ = Timeouts(20.0).timeout(upload_bytes=40_000_000)

    assert seconds_to_send > 40  # at 8 Mbit/s
