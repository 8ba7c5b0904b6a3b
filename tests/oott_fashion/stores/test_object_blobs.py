import subprocess
import sys
from pathlib import Path

import pytest
from google.cloud import storage

from oott_fashion.stores.blobs import LocalBlobs, StoreMisconfigured
from oott_fashion.stores.object_blobs import blobs_at
from tests.object_store import Bucket


def no_client() -> storage.Client:
    pytest.fail("opening a folder created a Google Cloud client")


@pytest.mark.parametrize("as_path", [str, Path])
def test_a_path_is_a_local_folder(as_path: type[str] | type[Path], tmp_path: Path) -> None:
    blobs = blobs_at(as_path(tmp_path / "store"), no_client)

    blobs.write("photo", b"coat")

    assert LocalBlobs(tmp_path / "store").read("photo") == b"coat"


def test_a_folder_can_be_private(tmp_path: Path) -> None:
    blobs_at(tmp_path / "store", no_client, readers="user").write("photo", b"coat")

    assert (tmp_path / "store" / "photo").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("as_path", [str, Path])
@pytest.mark.parametrize(
    ("below", "name"), [("", "photo"), ("/", "photo"), ("/a/b", "a/b/photo"), ("/a/", "a/photo")]
)
def test_a_gs_address_is_a_prefix_in_a_bucket(
    below: str, name: str, as_path: type[str] | type[Path], bucket: Bucket
) -> None:
    blobs = blobs_at(as_path(f"{bucket.url}{below}"), storage.Client)

    blobs.write("photo", b"coat")

    assert bucket.contents() == [name]
    assert blobs.where("photo") == f"{bucket.url}/{name}"


@pytest.mark.parametrize("root", ["s3://key:secret@bucket", "file:///photos", "gs://", "gs:///a"])
def test_the_error_for_another_address_hides_secrets(root: str) -> None:
    with pytest.raises(ValueError, match="use a folder or gs://BUCKET/PREFIX") as raised:
        blobs_at(root, no_client)

    assert "secret" not in str(raised.value)


def test_an_address_outside_its_bucket_is_rejected(bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="points outside the store"):
        blobs_at(f"{bucket.url}/../other", storage.Client)


def test_the_error_for_missing_credentials_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    with pytest.raises(
        StoreMisconfigured,
        match=r"gs://oott/photos: no Google credentials .* GOOGLE_APPLICATION_",
    ):
        blobs_at("gs://oott/photos", storage.Client)


def test_a_folder_needs_no_google_libraries(tmp_path: Path) -> None:
    script = f"""
import sys
from oott_fashion.stores.object_blobs import blobs_at
blobs_at({str(tmp_path)!r}, lambda: None).write("photo", b"coat")
sys.exit(any(name.startswith("google.") for name in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
    assert (tmp_path / "photo").read_bytes() == b"coat"
