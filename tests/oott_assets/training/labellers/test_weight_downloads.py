"""Weights fetched over real HTTP from a server on loopback, and checked before they are used."""

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
    WeightsNotFetched,
    checked_weights,
    fetch_weights,
    main,
)
from oott_assets.training.labellers.weight_files import WEIGHT_FILES, WeightFile

CONTENT = b"learnt in a week" * 100_000


class WeightServer(BaseHTTPRequestHandler):
    """Sends CONTENT, or fails at it as its path says."""

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
    return sorted(str(it.relative_to(folder)) for it in folder.rglob("*") if it.is_file())


@pytest.mark.parametrize("path", ["whole", "moved"])
def test_a_good_file_is_kept_and_listed(server: str, tmp_path: Path, path: str) -> None:
    fetch_weights([weight_file(f"{server}/{path}", "bert/model.pth")], tmp_path)

    assert (tmp_path / "bert" / "model.pth").read_bytes() == CONTENT
    assert files_in(tmp_path) == [SUMS, "bert/model.pth"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("half", "it sent 800,000 of 1,600,000 bytes"),
        ("other", "its sha256 is [0-9a-f]{64}, expected [0-9a-f]{64}"),
        ("gone", "404"),
        ("endless", "more than the 1,600,000 bytes expected"),
    ],
)
def test_of_a_bad_file_nothing_is_left(server: str, tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(WeightsNotFetched, match=reason):
        fetch_weights([weight_file(f"{server}/{path}")], tmp_path)

    assert files_in(tmp_path) == []


def test_a_server_that_falls_silent_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_downloads, "_SILENCE_SECONDS", 0.2)
    # Its backlog takes the connection, and nobody answers.
    with ThreadingHTTPServer(("127.0.0.1", 0), WeightServer) as silent:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(WeightsNotFetched, match="timed out"):
            fetch_weights([weight_file(f"http://127.0.0.1:{silent.server_port}/whole")], tmp_path)


def test_a_server_that_trickles_is_given_up(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_downloads, "_SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(weight_downloads, "_SLOWEST", 10_000_000_000)

    began = time.monotonic()
    with pytest.raises(WeightsNotFetched, match="bytes a second"):
        fetch_weights([weight_file(f"{server}/trickle")], tmp_path)
    assert time.monotonic() - began < 5  # of the ten seconds that it would go on for


def test_an_interrupted_fetch_leaves_nothing(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_weights([weight_file(f"{server}/whole")], tmp_path)

    assert files_in(tmp_path) == []


def test_what_a_killed_fetch_left_is_written_over(server: str, tmp_path: Path) -> None:
    (tmp_path / ".fetching-model.pth").write_bytes(CONTENT * 2)

    fetch_weights([weight_file(f"{server}/whole")], tmp_path)

    assert files_in(tmp_path) == [SUMS, "model.pth"]


def test_a_file_that_is_there_is_not_fetched_again(server: str, tmp_path: Path) -> None:
    fetch_weights([weight_file(f"{server}/whole")], tmp_path)

    fetch_weights([weight_file(f"{server}/gone")], tmp_path)

    assert files_in(tmp_path) == [SUMS, "model.pth"]


def test_a_damaged_file_is_fetched_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(CONTENT[::-1])

    fetch_weights([weight_file(f"{server}/whole")], tmp_path)

    assert (tmp_path / "model.pth").read_bytes() == CONTENT


@pytest.fixture
def fetched(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a labeller's weights, one file, as the command leaves it."""
    file = weight_file(f"{server}/whole")
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (file,))
    asked = CliRunner().invoke(main, ["grounding_dino", "--folder", str(tmp_path)])
    assert asked.exit_code == 0, asked.output
    return tmp_path


def test_the_command_fetches_what_a_labeller_then_finds(fetched: Path) -> None:
    assert checked_weights("grounding_dino", fetched) == fetched / "grounding_dino"


def test_the_command_fetches_to_the_folder_of_the_settings(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (weight_file(f"{server}/whole"),))
    monkeypatch.setenv("OOTT_LABELLER_WEIGHTS", str(tmp_path))

    assert CliRunner().invoke(main, ["grounding_dino"]).exit_code == 0
    assert checked_weights("grounding_dino", tmp_path) == tmp_path / "grounding_dino"


def test_the_command_says_in_a_sentence_why_it_failed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WEIGHT_FILES, "grounding_dino", (weight_file(f"{server}/gone"),))

    asked = CliRunner().invoke(main, ["grounding_dino", "--folder", str(tmp_path)])

    assert asked.exit_code == 1
    assert asked.output.startswith("Error: model.pth was not fetched from http")


def test_missing_weights_name_the_command_that_fetches_them(tmp_path: Path) -> None:
    fetch = "python -m oott_assets.training.labellers.weight_downloads grounded_sam"
    with pytest.raises(LabellerUnavailable, match=f"is missing.*{fetch}"):
        checked_weights("grounded_sam", tmp_path)


def test_a_deleted_file_is_missing(fetched: Path) -> None:
    (fetched / "grounding_dino" / "model.pth").unlink()

    with pytest.raises(LabellerUnavailable, match=r"model\.pth is missing"):
        checked_weights("grounding_dino", fetched)


def test_one_changed_byte_is_damage(fetched: Path) -> None:
    content = bytearray(CONTENT)
    content[1_000] ^= 1
    (fetched / "grounding_dino" / "model.pth").write_bytes(content)

    with pytest.raises(LabellerUnavailable, match=r"is damaged: its sha256 is [0-9a-f]{64}, exp"):
        checked_weights("grounding_dino", fetched)


def test_weights_of_ones_own_are_let_in_by_their_list(fetched: Path) -> None:
    own = b"fine-tuned"
    (fetched / "grounding_dino" / "model.pth").write_bytes(own)
    line = f"{hashlib.sha256(own).hexdigest()} *model.pth\n"  # as sha256sum --binary writes it
    (fetched / "grounding_dino" / SUMS).write_text(line)

    assert checked_weights("grounding_dino", fetched) == fetched / "grounding_dino"


@pytest.mark.parametrize("labeller", ["grounded_sam", "grounding_dino"])
def test_every_file_comes_encrypted_from_an_address_that_cannot_move_on(labeller: str) -> None:
    for file in WEIGHT_FILES[labeller]:
        assert file.url.startswith("https://")
        assert "/main/" not in file.url
        assert len(bytes.fromhex(file.sha256)) == 32
