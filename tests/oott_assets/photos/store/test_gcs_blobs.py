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

from oott_assets.photos.store import gcs_blobs
from oott_assets.photos.store.gcs_blobs import GcsBlobs
from oott_fashion.stores.blobs import BlobNotFound, Blobs, StoreMisconfigured, StoreUnreachable
from tests.object_store import Bucket, answering, client_of, silent, wired

_PATIENCE_SECONDS = 0.4

CALLS: dict[str, Callable[[Blobs], object]] = {
    "read": lambda blobs: blobs.read("a"),
    "write": lambda blobs: blobs.write("a", b"x"),
    "delete": lambda blobs: blobs.delete("a"),
    "delete_all": lambda blobs: blobs.delete_all("a"),
    "exists": lambda blobs: blobs.exists("a"),
    "names": lambda blobs: list(blobs.names("a")),
    "folders": lambda blobs: list(blobs.folders("a")),
    "held": lambda blobs: blobs.locked("a").__enter__(),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


class RevokedCredentials(Credentials):
    """Credentials whose account was deleted."""

    def __init__(self) -> None:
        Credentials.__init__(self)  # excluded by this name

    def refresh(self, _request: object) -> None:
        raise RefreshError("invalid_grant: token ya29.secret")


def impatient(url: str, bucket: str = "oott") -> GcsBlobs:
    """Open blobs at the server at ``url``, to be told soon of what is wrong with it."""
    return GcsBlobs(client_of(url), bucket, "store", patience_seconds=_PATIENCE_SECONDS)


@every_call
def test_a_dead_store_is_told_of_soon_and_by_its_address(
    call: Callable[[Blobs], object], mortal_bucket: Bucket
) -> None:
    mortal_bucket.store.kill()
    began = time.monotonic()

    with pytest.raises(StoreUnreachable, match=f"gs://{mortal_bucket.name}/store/a") as raised:
        call(impatient(mortal_bucket.store.url, mortal_bucket.name))

    assert "cannot be reached (Connection refused)" in str(raised.value)
    assert not isinstance(raised.value, StoreMisconfigured)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["read", "write", "names"])
def test_a_store_that_takes_calls_and_says_nothing_is_given_up(name: str) -> None:
    began = time.monotonic()

    with silent() as url, pytest.raises(StoreUnreachable, match="no answer in time"):
        CALLS[name](impatient(url))

    assert time.monotonic() - began < 20


def test_a_store_whose_address_leads_nowhere_cannot_be_reached() -> None:
    with pytest.raises(StoreUnreachable, match="gs://oott/store/a cannot be reached"):
        impatient("http://store.invalid").read("a")


def test_blobs_are_there_again_once_a_dead_store_is_back(mortal_bucket: Bucket) -> None:
    blobs = impatient(mortal_bucket.store.url, mortal_bucket.name)
    blobs.write("before", b"1")
    mortal_bucket.store.kill()
    with pytest.raises(StoreUnreachable):
        blobs.write("while", b"2")

    mortal_bucket.store.start()
    blobs.write("after", b"3")

    assert list(blobs.names("")) == ["after", "before"]
    assert blobs.read("before") == b"1"


def test_a_write_waits_out_a_short_death_of_the_store(mortal_bucket: Bucket) -> None:
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
def test_a_write_that_is_cut_leaves_the_old_blob(max_sent: int, bucket: Bucket) -> None:
    straight = impatient(bucket.store.url, bucket.name)
    straight.write("photo", b"old")

    with wired(bucket.store.port, max_sent) as url, pytest.raises(StoreUnreachable, match="broke"):
        impatient(url, bucket.name).write("photo", os.urandom(1_000_000))

    assert straight.read("photo") == b"old"
    assert bucket.contents() == ["store/photo"]


def test_a_blob_that_arrives_damaged_is_not_taken_for_the_blob(bucket: Bucket) -> None:
    impatient(bucket.store.url, bucket.name).write("photo", b"a coat")

    with (
        wired(bucket.store.port, change=lambda it: it.replace(b"a coat", b"a goat")) as url,
        pytest.raises(StoreUnreachable, match=r"gs://.*/store/photo arrived damaged; run again"),
    ):
        impatient(url, bucket.name).read("photo")


def test_a_blob_that_arrives_in_half_is_asked_for_again(bucket: Bucket) -> None:
    content = os.urandom(1_000_000)
    blobs = GcsBlobs(bucket.client(), bucket.name)
    blobs.write("photo", content)
    blocks = iter([True, True, False])

    def cut_once(answer: bytes) -> bytes:
        if next(blocks, True):
            return answer
        raise ConnectionResetError

    with wired(bucket.store.port, change=cut_once) as url:
        assert GcsBlobs(client_of(url), bucket.name).read("photo") == content
    assert next(blocks, None) is None


@every_call
def test_a_missing_bucket_is_no_empty_store(
    call: Callable[[Blobs], object], bucket: Bucket
) -> None:
    blobs = impatient(bucket.store.url, "no-such-bucket")

    with pytest.raises(
        StoreMisconfigured, match=r"gs://no-such-bucket/store/a: there is no such buc"
    ):
        call(blobs)


@every_call
@pytest.mark.parametrize(
    ("status", "what_to_do"),
    [
        (403, "grant them the role Storage Object User on the bucket"),
        (401, "gcloud auth application-default login"),
        (400, r"refused \(HTTP 400\); mend the address"),
    ],
)
def test_what_waiting_does_not_mend_is_refused_at_once_with_what_to_do(
    status: int, what_to_do: str, call: Callable[[Blobs], object]
) -> None:
    with answering(status) as url:
        patient = GcsBlobs(client_of(url), "oott", "store", patience_seconds=600)
        with pytest.raises(StoreMisconfigured, match=f"gs://oott/store/a: .*{what_to_do}"):
            call(patient)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_unreachable_and_not_refused(status: int) -> None:
    with (
        answering(status) as url,
        pytest.raises(StoreUnreachable, match=f"HTTP {status}") as raised,
    ):
        impatient(url).write("a", b"x")

    assert not isinstance(raised.value, StoreMisconfigured)


@every_call
def test_revoked_credentials_are_refused_and_their_token_is_not_shown(
    call: Callable[[Blobs], object], bucket: Bucket
) -> None:
    client = storage.Client(
        project="oott",
        credentials=RevokedCredentials(),
        client_options={"api_endpoint": bucket.store.url},
    )

    with pytest.raises(StoreMisconfigured, match="credentials are not accepted") as raised:
        call(GcsBlobs(client, bucket.name))

    assert "ya29" not in "".join(traceback.format_exception(raised.value))


def test_a_link_that_lets_anyone_upload_is_not_shown(bucket: Bucket) -> None:
    links: list[bytes] = []

    def lead_nowhere(answer: bytes) -> bytes:
        if b"upload_id" not in answer:
            return answer
        links.append(answer)
        return re.sub(rb"(?<=Location: http://127.0.0.1:)[0-9]+", b"1", answer)

    with (
        wired(bucket.store.port, change=lead_nowhere) as url,
        pytest.raises(StoreUnreachable, match="Connection refused") as raised,
    ):
        # So large that the library first asks for a link.
        impatient(url, bucket.name).write("photo", bytes(9_000_000))

    assert len(links) == 1
    assert "upload_id" not in "".join(traceback.format_exception(raised.value))


def test_a_folder_of_many_pages_is_listed_whole(
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


def test_what_marks_a_folder_on_the_buckets_page_is_no_blob() -> None:
    listing = b'{"items": [{"name": "store/photos/"}, {"name": "store/photos/coat.jpg"}]}'

    with answering(200, listing) as url:
        assert list(impatient(url).names("photos")) == ["photos/coat.jpg"]


def test_stores_below_two_prefixes_of_one_bucket_do_not_see_each_other(bucket: Bucket) -> None:
    one = GcsBlobs(bucket.client(), bucket.name, "oott")
    two = GcsBlobs(bucket.client(), bucket.name, "oott2")
    one.write("photo", b"1")

    assert list(two.names("")) == []
    with pytest.raises(BlobNotFound):
        two.read("photo")
    with one.locked("photos") as a, two.locked("photos") as b:
        a.check()
        b.check()
