"""Tests the download of weights from a local HTTP server, and their verification."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from oott_assets.training.labellers import weight_downloads
from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.weight_downloads import (
    SUMS,
    DownloadFailed,
    checked_weights,
    download_weights,
    main,
)
from oott_assets.training.labellers.weight_files import WEIGHT_FILES, WeightFile

CONTENT = b"learnt in a week" * 100_000


class WeightServer(BaseHTTPRequestHandler):
    """Sends CONTENT, or fails in the way that the path names."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
        elif self.path == "/gone":
            self.send_response(404)
        else:
            self.send_response(200)
            if self.path != "/endless":
                self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.path == "/whole":
            self.wfile.write(CONTENT)
        elif self.path == "/half":
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
        elif self.path == "/other":
            self.wfile.write(CONTENT[::-1])
        elif self.path == "/endless":
            self.wfile.write(CONTENT + CONTENT)
        elif self.path == "/trickle":
            with suppress(ConnectionError):
                for byte in CONTENT[:200]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Keep the test's output readable."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), WeightServer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("no_proxy", "127.0.0.1")
            yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def weight_file(url: str, name: str = "model.pth") -> WeightFile:
    return WeightFile(name, url, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", ["whole", "moved"])
def test_a_correct_file_is_kept_and_listed(server: str, tmp_path: Path, path: str) -> None:
    download_weights([weight_file(f"{server}/{path}", "bert/model.pth")], tmp_path)

    assert (tmp_path / "bert" / "model.pth").read_bytes() == CONTENT
    assert files_in(tmp_path) == [SUMS, "bert/model.pth"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("half", "the server sent only 800,000 of 1,600,000 bytes"),
        ("other", "its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}"),
        ("gone", "404"),
        ("endless", "more than the 1,600,000 bytes expected"),
    ],
)
def test_a_failed_download_leaves_no_file(
    server: str, tmp_path: Path, path: str, reason: str
) -> None:
    with pytest.raises(DownloadFailed, match=reason):
        download_weights([weight_file(f"{server}/{path}")], tmp_path)

    assert files_in(tmp_path) == []


def test_a_server_that_does_not_respond_causes_a_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_downloads, "_TIMEOUT_SECONDS", 0.2)
    # The listening socket accepts the connection, but nothing serves it.
    with ThreadingHTTPServer(("127.0.0.1", 0), WeightServer) as silent:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        url = f"http://127.0.0.1:{silent.server_port}/whole"
        with pytest.raises(DownloadFailed, match="timed out"):
            download_weights([weight_file(url)], tmp_path)


def test_a_very_slow_server_causes_a_timeout(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_downloads, "_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(weight_downloads, "_MIN_BYTES_PER_SECOND", 10_000_000_000)

    started = time.monotonic()
    with pytest.raises(DownloadFailed, match="bytes a second"):
        download_weights([weight_file(f"{server}/trickle")], tmp_path)
    assert time.monotonic() - started < 5  # the whole response would take ten seconds


def test_an_interrupted_download_leaves_no_file(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download_weights([weight_file(f"{server}/whole")], tmp_path)

    assert files_in(tmp_path) == []


def test_the_partial_file_of_a_killed_download_is_overwritten(server: str, tmp_path: Path) -> None:
    (tmp_path / ".fetching-model.pth").write_bytes(CONTENT * 2)

    download_weights([weight_file(f"{server}/whole")], tmp_path)

    assert files_in(tmp_path) == [SUMS, "model.pth"]


def test_a_complete_file_is_not_downloaded_again(server: str, tmp_path: Path) -> None:
    download_weights([weight_file(f"{server}/whole")], tmp_path)

    download_weights([weight_file(f"{server}/gone")], tmp_path)

    assert files_in(tmp_path) == [SUMS, "model.pth"]


def test_a_damaged_file_is_downloaded_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(CONTENT[::-1])

    download_weights([weight_file(f"{server}/whole")], tmp_path)

    assert (tmp_path / "model.pth").read_bytes() == CONTENT


@pytest.fixture
def downloaded(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Download one weight file with the command, and give the root folder."""
    file = weight_file(f"{server}/whole")
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (file,))
    result = CliRunner().invoke(main, ["grounding_dino", "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    return tmp_path


def test_the_weights_from_the_command_pass_the_check(downloaded: Path) -> None:
    assert checked_weights("grounding_dino", downloaded) == downloaded / "grounding_dino"


def test_the_command_downloads_to_the_folder_of_the_settings(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (weight_file(f"{server}/whole"),))
    monkeypatch.setenv("OOTT_LABELLER_WEIGHTS", str(tmp_path))

    assert CliRunner().invoke(main, ["grounding_dino"]).exit_code == 0
    assert checked_weights("grounding_dino", tmp_path) == tmp_path / "grounding_dino"


def test_the_command_reports_a_failure_in_one_sentence(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (weight_file(f"{server}/gone"),))

    result = CliRunner().invoke(main, ["grounding_dino", "--folder", str(tmp_path)])

    assert result.exit_code == 1
    assert result.output.startswith("Error: model.pth could not be downloaded from http")


def test_the_error_for_missing_weights_gives_the_download_command(tmp_path: Path) -> None:
    command = "python -m oott_assets.training.labellers.weight_downloads grounded_sam"
    with pytest.raises(LabellerUnavailable, match=f"is missing.*{command}"):
        checked_weights("grounded_sam", tmp_path)


def test_a_deleted_file_is_reported_as_missing(downloaded: Path) -> None:
    (downloaded / "grounding_dino" / "model.pth").unlink()

    with pytest.raises(LabellerUnavailable, match=r"model\.pth is missing"):
        checked_weights("grounding_dino", downloaded)


def test_a_file_with_one_changed_byte_is_reported_as_damaged(downloaded: Path) -> None:
    content = bytearray(CONTENT)
    content[1_000] ^= 1
    (downloaded / "grounding_dino" / "model.pth").write_bytes(content)

    with pytest.raises(LabellerUnavailable, match=r"is damaged: its SHA-256 is [0-9a-f]{64}, exp"):
        checked_weights("grounding_dino", downloaded)


def test_own_weights_are_accepted_if_they_are_listed(downloaded: Path) -> None:
    own = b"fine-tuned"
    (downloaded / "grounding_dino" / "model.pth").write_bytes(own)
    line = f"{hashlib.sha256(own).hexdigest()} *model.pth\n"  # the format of sha256sum --binary
    (downloaded / "grounding_dino" / SUMS).write_text(line)

    assert checked_weights("grounding_dino", downloaded) == downloaded / "grounding_dino"


@pytest.mark.parametrize("labeller", ["grounded_sam", "grounding_dino"])
def test_every_url_uses_https_and_a_fixed_version(labeller: str) -> None:
    for file in WEIGHT_FILES[labeller]:
        assert file.url.startswith("https://")
        assert "/main/" not in file.url
        assert len(bytes.fromhex(file.sha256)) == 32
