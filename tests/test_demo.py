"""`make demo` as users run it: with their own photos, and with wrong input."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from oott_assets.photos.sources.drawn.drawn_photos import WornGarment, draw_photo, jpeg_of


def run_demo(
    folder: Path, *variables: str, settings: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run ``make demo`` with new stores and Dagster records."""
    dagster_home = folder / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    return subprocess.run(
        ["make", "--no-print-directory", "demo", f"DAGSTER_HOME={dagster_home}", *variables],
        env=os.environ | {"OOTT_HOME": str(folder / "oott")} | (settings or {}),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_make_demo_counts_the_users_own_photos_and_names_the_folders_it_skips(
    tmp_path: Path,
) -> None:
    counted = ("jeju/2026-05", "홍대/2026-06")
    skipped = ("hongdae/2099-01", "atlantis/2026-06", "jeju/2026-6")
    for place in (*counted, *skipped):
        save_jeans(tmp_path / "my photos" / place)

    # ONNX Runtime opens a detector in a tenth of the time; test_docs.py runs DeepSparse.
    demo = run_demo(
        tmp_path, f"PHOTOS={tmp_path / 'my photos'}", settings={"OOTT_ENGINE": "onnxruntime"}
    )

    assert demo.returncode == 0, demo.stderr[-3000:]
    assert "hongdae 2026-06: 1 photos, " in demo.stdout
    assert re.search(r"jeju \(제주\).*\n.*2026-05\n  bottom  blue jeans +1\n", demo.stdout)
    assert "skipped: atlantis/ is not a destination" in demo.stdout
    assert "skipped: jeju/2026-6/ is not a month, written YYYY-MM" in demo.stdout
    assert "skipped: hongdae 2099-01; expected complete months since 2024-01" in demo.stdout


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["PHOTOS=nowhere"], "nowhere is not a folder"),
        (["PHOTOS=docs", "DESTINATION=atlantis"], "'atlantis' is not a destination"),
        (["PHOTOS=docs", "MONTH=may"], "expected DESTINATION|YYYY-MM"),
        (["PHOTOS=docs", "MONTH=1999-05"], "complete months since 2024-01"),
    ],
)
def test_make_demo_explains_wrong_input(tmp_path: Path, variables: list[str], said: str) -> None:
    demo = run_demo(tmp_path, *variables)

    assert demo.returncode != 0
    assert said in demo.stderr
    assert "Traceback" not in demo.stderr


def save_jeans(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    photo = draw_photo((WornGarment("jeans", "blue"),), np.random.default_rng(3))
    (folder / "me.jpg").write_bytes(jpeg_of(photo))


def test_make_demo_does_not_count_drawn_people_in_the_users_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'mine.sqlite'}"

    demo = run_demo(tmp_path, settings={"OOTT_DATABASE_URL": database})

    assert demo.returncode != 0
    assert "the demo would count drawn people in that database" in demo.stderr
    assert not (tmp_path / "mine.sqlite").exists()


@pytest.mark.parametrize(
    "settings",
    [{"OOTT_PHOTO_SOURCE": "browser"}, {"OOTT_PHOTO_STORE": "gs://photos"}],
)
def test_make_demo_does_not_replace_collected_photos(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    demo = run_demo(tmp_path, settings=settings)

    assert demo.returncode != 0
    assert "would replace your collected photos with drawn ones" in " ".join(demo.stderr.split())


@pytest.mark.parametrize("name", ["OOTT_ENGINE", "OOTT_WORKERS", "OOTT_EPOCHS"])
def test_make_demo_names_the_setting_that_is_wrong(tmp_path: Path, name: str) -> None:
    demo = run_demo(tmp_path, settings={name: "steam"})

    assert demo.returncode != 0
    assert f"{name}: " in demo.stderr
    assert "Traceback" not in demo.stderr
