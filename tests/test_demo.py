"""`make demo` as users run it: with their own photos, and with wrong input."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from unittest import mock

import numpy as np
import pytest
from click.testing import CliRunner, Result

import demo
from oott_assets.photos.sources.drawn.drawn_photos import WornGarment, draw_photo, jpeg_of


def run_demo(
    folder: Path, *variables: str, settings: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run ``make demo`` with new stores and Dagster records."""
    return subprocess.run(
        [
            "make",
            "--no-print-directory",
            "demo",
            f"DAGSTER_HOME={dagster_home(folder)}",
            *variables,
        ],
        env=os.environ | {"OOTT_HOME": str(folder / "oott")} | (settings or {}),
        capture_output=True,
        text=True,
        timeout=300,
    )


def dagster_home(folder: Path) -> Path:
    home = folder / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    return home


def run_demo_here(folder: Path, *options: str, settings: dict[str, str] | None = None) -> Result:
    """Run what ``make demo`` runs in this process, which need not import Dagster again."""
    homes = {"OOTT_HOME": str(folder / "oott"), "DAGSTER_HOME": str(dagster_home(folder))}
    # The demo sets variables of its process.
    with mock.patch.dict(os.environ, homes | (settings or {})):
        return CliRunner().invoke(demo.main, options)


class Service(BaseHTTPRequestHandler):
    """Answers every photo like the service; test_docs.py runs the demo with the real one."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"label":"jeans","color":"blue"}')

    def log_message(self, *_: object) -> None:
        """Do not log."""


@contextmanager
def a_running_service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_demo_counts_the_users_own_photos_and_names_the_folders_it_skips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "my photos"
    for place in ("홍대/2026-06/me.jpg", "hongdae/2099-01/me.jpg", "atlantis/2026-06/me.jpg"):
        save_jeans(photos / place)
    save_jeans(photos / "홍대/KakaoTalk_20260615_083000123")
    save_jeans(photos / "홍대/me.webp")
    (photos / "홍대/2026-06/caption.txt").write_text("me")
    monkeypatch.setattr(demo, "running_service", a_running_service)

    # ONNX Runtime opens a detector in a tenth of the time; test_docs.py runs DeepSparse.
    ended = run_demo_here(
        tmp_path,
        "--photos",
        str(photos),
        "--month",
        "2026-06",
        settings={"OOTT_ENGINE": "onnxruntime"},
    )

    assert ended.exit_code == 0, ended.output
    assert "hongdae 2026-06: 1 photo, " in ended.output
    same = "same picture as 홍대/KakaoTalk_20260615_083000123"
    assert f"  not counted: 홍대/me.webp: {same}\n" in ended.output
    assert f"  not counted: 홍대/2026-06/me.jpg: {same}\n" in ended.output
    assert re.search(r"hongdae \(홍대\).*\n.*2026-06\n  bottom  blue jeans +1\n", ended.output)
    assert "skipped 1 (not a photo): 홍대/2026-06/caption.txt\n" in ended.output
    assert "skipped 1 (not a destination, such as hongdae or 홍대): atlantis/" in ended.output
    assert "1 photo without a date: counted in 2026-06" in ended.output
    assert (
        "skipped: hongdae 2099-01 (1 photo); expected complete months since 2024-01" in ended.output
    )
    assert "POST /predict/camera with hongdae/홍대/KakaoTalk_20260615_083000123: " in ended.output
    assert "OOTT_FOLDER_DESTINATION=hongdae\nOOTT_FOLDER_MONTH=2026-06\n" in ended.output
    assert "Trend page of your photos" in ended.output
    assert (tmp_path / "oott/reports/2026-06.html").exists()


def save_jeans(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    photo = draw_photo((WornGarment("jeans", "blue"),), np.random.default_rng(3))
    file.write_bytes(jpeg_of(photo))


def test_make_demo_passes_the_folder_the_destination_and_the_month(tmp_path: Path) -> None:
    variables = ("PHOTOS=my photos", "DESTINATION=jeju", "MONTH=1999-05")

    # The option -n prints the command and does not run it.
    ended = run_demo(tmp_path, "-n", *variables)

    options = '--photos "my photos" --destination "jeju" --month "1999-05"'
    assert f"demo.py {options}" in " ".join(ended.stdout.replace("\\\n", "").split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--photos", "nowhere"], "nowhere is not a folder"),
        (["--photos", "docs", "--destination", "atlantis"], "'atlantis' is not a destination"),
        (["--photos", "docs", "--month", "may"], "expected DESTINATION|YYYY-MM"),
        (["--photos", "docs", "--month", "1999-05"], "complete months since 2024-01"),
    ],
)
def test_the_demo_explains_wrong_input(tmp_path: Path, options: list[str], said: str) -> None:
    ended = run_demo_here(tmp_path, *options)

    assert ended.exit_code == 1
    assert said in ended.stderr


def test_the_demo_does_not_count_drawn_people_in_the_users_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'mine.sqlite'}"

    ended = run_demo_here(tmp_path, settings={"OOTT_DATABASE_URL": database})

    assert ended.exit_code == 1
    assert "the demo would count drawn people in that database" in ended.stderr
    assert not (tmp_path / "mine.sqlite").exists()


@pytest.mark.parametrize(
    "settings",
    [{"OOTT_PHOTO_SOURCE": "browser"}, {"OOTT_PHOTO_STORE": "gs://photos"}],
)
def test_the_demo_does_not_replace_collected_photos(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    ended = run_demo_here(tmp_path, settings=settings)

    assert ended.exit_code == 1
    assert "would replace your collected photos with drawn ones" in " ".join(ended.stderr.split())


@pytest.mark.parametrize(
    "name", ["OOTT_ENGINE", "OOTT_EPOCHS", "OOTT_WORKERS", "OOTT_LOOKBOOK_PHOTOS"]
)
def test_the_demo_reads_the_settings_of_every_part(tmp_path: Path, name: str) -> None:
    ended = run_demo_here(tmp_path, settings={name: "steam"})

    assert ended.exit_code == 1
    assert f"{name}: " in ended.stderr
