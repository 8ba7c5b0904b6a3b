"""The README's commands are run, its outputs compared, and its tables held against the code."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from oott_assets.sources.drawn_photos import Worn, draw_photo, jpeg_of
from oott_fashion.settings import Settings
from oott_fashion.stores.model_store import read_card
from tests.oott_assets.street import STARTER
from tests.oott_serving.servers import serving

README = Path("README.md").read_text(encoding="utf-8")

# Another processor may see a garment more or less; a wrong table differs by more.
_COUNT_MAY_DIFFER = 2


def console() -> list[tuple[str, str]]:
    """Give each command of the README's console blocks, and the output shown below it."""
    blocks = "".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    entries = [entry.partition("\n") for entry in re.split(r"^\$ ", blocks, flags=re.MULTILINE)]
    found = []
    for command, _, rest in entries[1:]:
        lines = rest.splitlines()
        more = [line[2:] for line in lines if line.startswith("> ")]
        found.append(("\n".join([command, *more]), "\n".join(lines[len(more) :])))
    return found


def shown(beginning: str) -> tuple[str, str]:
    """Find the one command that begins so, and its output."""
    [entry] = [entry for entry in console() if entry[0].startswith(beginning)]
    return entry


def words(output: str) -> list[str]:
    """Split an output into words, blind to how long things took."""
    return re.sub(r"in \d+\.\d s", "in ... s", output).split()


def agree(shown: str, found: str) -> bool:
    if shown.isdecimal() and found.isdecimal():
        return abs(int(shown) - int(found)) <= _COUNT_MAY_DIFFER
    return shown == found


def run_demo(folder: Path, *variables: str) -> "subprocess.CompletedProcess[str]":
    """Run ``make demo`` with stores and Dagster records of its own."""
    dagster_home = folder / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    return subprocess.run(
        ["make", "--no-print-directory", "demo", f"DAGSTER_HOME={dagster_home}", *variables],
        env=os.environ | {"OOTT_HOME": str(folder / "oott")},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_make_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    demo = run_demo(tmp_path)

    assert demo.returncode == 0, demo.stderr[-3000:]
    expected, found = words(shown("make demo")[1]), words(demo.stdout)

    assert len(expected) == len(found), demo.stdout
    different = [pair for pair in zip(expected, found, strict=True) if not agree(*pair)]
    assert different == []


def test_make_demo_counts_photos_of_ones_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for place in ("jeju/2026-05", "hongdae/2026-06"):
        folder = tmp_path / "photos of mine" / place
        folder.mkdir(parents=True)
        (folder / "me.jpg").write_bytes(jpeg_of(draw_photo((Worn("jeans", "blue"),), rng)))

    demo = run_demo(tmp_path, f"PHOTOS={tmp_path / 'photos of mine'}")

    assert demo.returncode == 0, demo.stderr[-3000:]
    assert "hongdae 2026-06: 1 photos, " in demo.stdout
    assert re.search(r"jeju \(제주\).*\n.*2026-05\n  bottom  blue jeans +1\n", demo.stdout)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["PHOTOS=nowhere"], "'nowhere' does not exist"),
        (["PHOTOS=docs", "DESTINATION=atlantis"], "'atlantis' is no destination"),
        (["PHOTOS=docs", "MONTH=may"], "expected DESTINATION|YYYY-MM"),
        (["PHOTOS=docs", "MONTH=1999-05"], "full months since 2024-01"),
    ],
)
def test_make_demo_says_what_is_wrong_with_what_it_was_given(
    tmp_path: Path, variables: list[str], said: str
) -> None:
    demo = run_demo(tmp_path, *variables)

    assert demo.returncode != 0
    assert said in demo.stderr
    assert "Traceback" not in demo.stderr


def test_the_service_answers_the_readmes_photo_as_the_readme_shows(tmp_path: Path) -> None:
    command, answer = shown("(printf")
    with serving(tmp_path, starter_detector=STARTER) as server:
        asking = command.replace("localhost:5543", f"127.0.0.1:{server.port}")
        asked = subprocess.run(
            ["bash", "-c", asking], capture_output=True, text=True, check=True, timeout=60
        )

    assert asked.stdout == answer


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    assert settings_table() in README


def settings_table() -> str:
    """Write the settings as the README has them."""
    return "\n".join(
        f"| `OOTT_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )


def _default(value: object) -> str:
    if value is None:
        return ""
    path = Path(value) if isinstance(value, Path) else None
    if path is not None and path.is_absolute():
        return f"`{path.relative_to(Path.cwd())}`"
    return f"`{value}`"


def test_the_readme_tells_the_cards_numbers() -> None:
    card = read_card(STARTER / "card.json")

    for data in ("main_data", "drawn"):
        for metric in ("mAP50", "mAP50-95"):
            assert f"{card.metrics[data][metric]:.3f}" in README


def test_every_place_of_the_layout_exists() -> None:
    layout = README.split("## Layout")[1].split("```")[1]
    places = [line.split()[0] for line in layout.splitlines() if line and not line[0].isspace()]

    assert len(places) >= 8
    assert [place for place in places if not Path(place).exists()] == []


@pytest.mark.parametrize("target", re.findall(r"`make (\w+)", README))
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", Path("Makefile").read_text(), re.MULTILINE)


def test_every_link_to_a_file_leads_somewhere() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert linked
    assert [link for link in linked if not Path(link).exists()] == []


def test_every_python_command_of_the_readme_can_be_asked_for_help() -> None:
    commands = re.findall(r"^\.venv/bin/python -m (\S+)(.*)$", README, re.MULTILINE)

    assert commands
    for module, options in commands:
        asked = subprocess.run(
            [".venv/bin/python", "-m", module, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        for option in shlex.split(options):
            assert not option.startswith("--") or option in asked.stdout
