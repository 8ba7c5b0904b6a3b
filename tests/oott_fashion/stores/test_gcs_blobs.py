import os
import re
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError
from google.cloud import storage

from oott_fashion.stores import gcs_blobs
from oott_fashion.stores.blobs import BlobNotFound, Blobs, StoreMisconfigured, StoreUnreachable
from oott_fashion.stores.gcs_blobs import GcsBlobs
from tests.object_store import Bucket, client_of, proxy, responding, silent

_RETRY_SECONDS = 0.4

CALLS: dict[str, Callable[[Blobs], object]] = {
    "read": lambda blobs: blobs.read("a"),
    "write": lambda blobs: blobs.write("a", b"x"),
    "delete": lambda blobs: blobs.delete("a"),
    "delete_all": lambda blobs: blobs.delete_all("a"),
    "exists": lambda blobs: blobs.exists("a"),
    "names": lambda blobs: list(blobs.names("a")),
    "folders": lambda blobs: list(blobs.folders("a")),
    "version": lambda blobs: blobs.version("a"),
    "replace": lambda blobs: blobs.replace("a", b"x", None),
}


class RevokedCredentials(Credentials):
    """Credentials of a deleted account."""

    def __init__(self) -> None:
        Credentials.__init__(self)

    def refresh(self, _request: object) -> None:
        raise RefreshError("invalid_grant: token ya29.secret")


def open_blobs(url: str, bucket: str = "oott") -> GcsBlobs:
    """Open blobs on the server at ``url``, with short timeouts."""
    return GcsBlobs(client_of(url), bucket, "store", retry_seconds=_RETRY_SECONDS)


def test_a_stopped_store_is_reported_soon_with_its_address(mortal_bucket: Bucket) -> None:
    mortal_bucket.store.kill()
    blobs = open_blobs(mortal_bucket.store.url, mortal_bucket.name)

    for call in CALLS.values():
        began = time.monotonic()
        with pytest.raises(StoreUnreachable, match=f"gs://{mortal_bucket.name}/store/a") as raised:
            call(blobs)
        assert "cannot be reached (Connection refused)" in str(raised.value)
        assert not isinstance(raised.value, StoreMisconfigured)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["read", "write", "names"])
def test_a_silent_store_causes_a_timeout(name: str) -> None:
    began = time.monotonic()

    with silent() as url, pytest.raises(StoreUnreachable, match="no response in time"):
        CALLS[name](open_blobs(url))

    assert time.monotonic() - began < 20


def test_an_unknown_host_name_cannot_be_reached() -> None:
    with pytest.raises(StoreUnreachable, match="gs://oott/store/a cannot be reached"):
        open_blobs("http://store.invalid").read("a")


def test_blobs_are_readable_after_the_store_restarts(mortal_bucket: Bucket) -> None:
    blobs = open_blobs(mortal_bucket.store.url, mortal_bucket.name)
    blobs.write("before", b"1")
    mortal_bucket.store.kill()
    with pytest.raises(StoreUnreachable):
        blobs.write("while", b"2")

    mortal_bucket.store.start()
    blobs.write("after", b"3")

    assert list(blobs.names("")) == ["after", "before"]
    assert blobs.read("before") == b"1"


def test_a_write_succeeds_after_a_short_outage(mortal_bucket: Bucket) -> None:
    blobs = GcsBlobs(mortal_bucket.client(), mortal_bucket.name)
    blobs.write("photo", b"old")
    mortal_bucket.store.kill()

    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(blobs.write, "photo", b"new")
        time.sleep(0.5)
        mortal_bucket.store.start()
        written.result(30)

    assert blobs.read("photo") == b"new"


@pytest.mark.parametrize("max_sent", [100, 200_000])
def test_a_broken_upload_leaves_the_old_blob(max_sent: int, bucket: Bucket) -> None:
    blobs = open_blobs(bucket.store.url, bucket.name)
    blobs.write("photo", b"old")

    with proxy(bucket.store.port, max_sent) as url, pytest.raises(StoreUnreachable, match="broke"):
        open_blobs(url, bucket.name).write("photo", os.urandom(1_000_000))

    assert blobs.read("photo") == b"old"
    assert bucket.contents() == ["store/photo"]


def test_a_download_with_changed_bytes_is_rejected(bucket: Bucket) -> None:
    open_blobs(bucket.store.url, bucket.name).write("photo", b"a coat")

    with (
        proxy(bucket.store.port, change=lambda data: data.replace(b"a coat", b"a goat")) as url,
        pytest.raises(StoreUnreachable, match=r"gs://.*/store/photo was damaged during the tran"),
    ):
        open_blobs(url, bucket.name).read("photo")


def test_a_broken_download_is_retried(bucket: Bucket) -> None:
    content = os.urandom(1_000_000)
    blobs = GcsBlobs(bucket.client(), bucket.name)
    blobs.write("photo", content)
    blocks = iter([True, True, False])

    def cut_once(block: bytes) -> bytes:
        if next(blocks, True):
            return block
        raise ConnectionResetError

    with proxy(bucket.store.port, change=cut_once) as url:
        assert GcsBlobs(client_of(url), bucket.name).read("photo") == content
    assert next(blocks, None) is None


def test_a_missing_bucket_is_not_an_empty_store(bucket: Bucket) -> None:
    for call in CALLS.values():
        with pytest.raises(
            StoreMisconfigured, match=r"gs://no-such-bucket/store/a: there is no such buc"
        ):
            call(open_blobs(bucket.store.url, "no-such-bucket"))


@pytest.mark.parametrize(
    ("status", "what_to_do"),
    [
        (403, "grant them the role Storage Object User on the bucket"),
        (401, "gcloud auth application-default login"),
        (400, r"refused \(HTTP 400\); correct the address"),
    ],
)
def test_permanent_errors_are_not_retried_and_say_what_to_do(status: int, what_to_do: str) -> None:
    with responding(status) as url:
        blobs = GcsBlobs(client_of(url), "oott", "store", retry_seconds=600)
        for call in CALLS.values():
            with pytest.raises(StoreMisconfigured, match=f"gs://oott/store/a: .*{what_to_do}"):
                call(blobs)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_temporary_errors_are_not_misconfiguration(status: int) -> None:
    with (
        responding(status) as url,
        pytest.raises(StoreUnreachable, match=f"HTTP {status}") as raised,
    ):
        open_blobs(url).write("a", b"x")

    assert not isinstance(raised.value, StoreMisconfigured)


def test_the_error_for_revoked_credentials_hides_the_token(bucket: Bucket) -> None:
    client = storage.Client(
        project="oott",
        credentials=RevokedCredentials(),
        client_options={"api_endpoint": bucket.store.url},
    )

    for call in CALLS.values():
        with pytest.raises(StoreMisconfigured, match="Google rejected the credentials") as raised:
            call(GcsBlobs(client, bucket.name))
        assert "ya29" not in "".join(traceback.format_exception(raised.value))


def test_upload_urls_do_not_appear_in_errors(bucket: Bucket) -> None:
    responses: list[bytes] = []

    def change_port(response: bytes) -> bytes:
        if b"upload_id" not in response:
            return response
        responses.append(response)
        return re.sub(rb"(?<=Location: http://127.0.0.1:)[0-9]+", b"1", response)

    with (
        proxy(bucket.store.port, change=change_port) as url,
        pytest.raises(StoreUnreachable, match="Connection refused") as raised,
    ):
        # For a large upload the library first requests an upload URL.
        open_blobs(url, bucket.name).write("photo", bytes(9_000_000))

    assert len(responses) == 1
    assert "upload_id" not in "".join(traceback.format_exception(raised.value))


def test_a_listing_of_several_pages_is_complete(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcs_blobs, "_PAGE_BLOBS", 3)
    blobs = GcsBlobs(bucket.client(), bucket.name)
    for number in range(8):
        blobs.write(f"photos/{number}", b"")
        blobs.write(f"folders/{number}/photo", b"")

    assert list(blobs.names("photos")) == [f"photos/{number}" for number in range(8)]
    assert list(blobs.folders("folders")) == [f"folders/{number}" for number in range(8)]
    blobs.delete_all("photos")
    assert list(blobs.names("photos")) == []


def test_a_folder_marker_of_the_web_console_is_not_a_blob() -> None:
    listing = b'{"items": [{"name": "store/photos/"}, {"name": "store/photos/coat.jpg"}]}'

    with responding(200, listing) as url:
        assert list(open_blobs(url).names("photos")) == ["photos/coat.jpg"]


def test_stores_with_two_prefixes_in_one_bucket_are_separate(bucket: Bucket) -> None:
    one = GcsBlobs(bucket.client(), bucket.name, "oott")
    two = GcsBlobs(bucket.client(), bucket.name, "oott2")
    one.write("photo", b"1")

    assert list(two.names("")) == []
    with pytest.raises(BlobNotFound):
        two.read("photo")


def test_a_write_is_recognised_after_a_lost_response(bucket: Bucket) -> None:
    lost: list[bytes] = []

    def lose_first(response: bytes) -> bytes:
        # The Google Cloud library also requests the bucket, so look for an object.
        if not lost and b"storage#object" in response:
            lost.append(response)
            raise ConnectionResetError
        return response

    with proxy(bucket.store.port, change=lose_first) as url:
        version = GcsBlobs(client_of(url), bucket.name).replace("latest.json", b"new", None)

    assert len(lost) == 1
    assert GcsBlobs(bucket.client(), bucket.name).version("latest.json") == version
