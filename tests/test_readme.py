"""The README's commands are run, its outputs compared, and its tables held against the code."""

import re
import runpy
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from oott_fashion.stores.model_store import read_card
from tests.oott_assets.street import STARTER
from tests.oott_serving.servers import serving
from tests.test_demo import run_demo

README = Path("README.md").read_text(encoding="utf-8")


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


def table_in(output: str) -> dict[tuple[str, str], list[int]]:
    """Read the demo's trend tables: how often each look was worn per month, by destination."""
    table, place = {}, ""
    for line in output.splitlines():
        if ", worn per month" in line:
            place = line.split()[0]
        elif row := re.match(r"  (\w+ +\S.*?)((?: +\d+)+)$", line):
            table[place, " ".join(row[1].split())] = [int(times) for times in row[2].split()]
    return table


def prose_of(output: str) -> list[str]:
    """Give the lines that are no rows of a table, blind to how long things took."""
    lines = [line for line in output.splitlines() if not re.match(r"  \w+ +\S.* +\d+$", line)]
    return [re.sub(r"\d+ garments in \d+\.\d s", "... garments in ... s", line) for line in lines]


def test_make_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    demo = run_demo(tmp_path)

    assert demo.returncode == 0, demo.stderr[-3000:]
    output = shown("make demo")[1]
    assert prose_of(demo.stdout.rstrip("\n")) == prose_of(output)
    expected, found = table_in(output), table_in(demo.stdout)
    assert len(expected) == len(found) == 16
    # Another processor may see a garment more or less, and so show another look in the last rows.
    same = [look for look in expected if look in found]
    assert len(same) >= 12
    for look in same:
        assert found[look] == pytest.approx(expected[look], abs=2), look


def test_the_service_answers_the_readmes_photo_as_the_readme_shows(tmp_path: Path) -> None:
    command, answer = shown("(printf")
    with serving(tmp_path, starter_detector=STARTER) as server:
        asking = f"{shown('until')[0]}\n{command}".replace(
            "localhost:5543", f"127.0.0.1:{server.port}"
        )
        asked = subprocess.run(
            ["bash", "-c", asking], capture_output=True, text=True, check=True, timeout=60
        )

    assert asked.stdout == answer


def test_the_readme_tells_the_cards_numbers() -> None:
    card = read_card(STARTER / "card.json")

    for data, metrics in {
        "main_data": ("mAP50", "mAP50-95", "mAP50 of garments with 10 boxes"),
        "closet": ("label right", "nothing found"),
    }.items():
        for metric in metrics:
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


@pytest.mark.parametrize(
    ("module", "options"),
    re.findall(r"\.venv/bin/python -m ([\w.]+)([^`\n]*)", README),
)
def test_every_python_command_of_the_readme_can_be_asked_for_help(
    module: str, options: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [module, "--help"])

    # In this process, which has most of their packages already.
    with warnings.catch_warnings(action="ignore"), pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")

    assert ended.value.code in (0, None)
    shown = capsys.readouterr().out
    for option in shlex.split(options):
        assert not option.startswith("--") or option in shown
