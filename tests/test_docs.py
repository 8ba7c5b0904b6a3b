"""The commands of the README and of docs/ are run, and their texts are compared with the code."""

import os
import re
import runpy
import shlex
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, get_args

import pandas as pd
import pytest
from dagster._cli import ENV_PREFIX
from dagster._cli.asset import asset_materialize_command
from dagster._cli.dev import dev_command
from PIL import Image

from oott_assets.definitions import defs
from oott_assets.partitions import month_by_destination
from oott_assets.photos.photo_failures import PHOTO_FAILURES
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.photo_source import SourceBusy
from oott_assets.photos.store.manifest import State
from oott_assets.training.labels.photo_tags import read_photo_tags
from oott_assets.training.training_checks import TRAINING_CHECKS
from oott_assets.trends.checks import TREND_CHECKS
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.destinations import read_destinations
from oott_fashion.garments import GARMENT_NAMES, category_of
from oott_fashion.stores.blobs import StoreUnreachable
from oott_fashion.stores.detector_card import read_card
from oott_fashion.stores.estimate_tables import EstimateRow
from oott_fashion.stores.trend_tables import TrendDatabaseUnavailable, TrendTables
from oott_fashion.trends import Look
from oott_serving.documentation.openapi import openapi_document
from tests.oott_serving.servers import STARTER, serving
from tests.test_demo import run_demo

# Partitions of `make demo`, of all three months.
DRAWN_AGAIN = [
    ("haeundae", date(2026, 8, 1)),
    ("hongdae", date(2026, 9, 1)),
    ("haeundae", date(2026, 10, 1)),
]
MAX_MISSED = 0.1

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]
MAKEFILE = Path("Makefile").read_text(encoding="utf-8")
TEXTS = {str(page): page.read_text(encoding="utf-8") for page in PAGES}

# How commands begin that this file does not run, with the test that runs them or the reason.
NOT_RUN_HERE = {
    "make test": "this test is part of it",
    "make check": "tests/test_project.py runs the same checks",
    "make demo PHOTOS=": "tests/test_demo.py runs it, and the demo with a folder of photos",
    "make trends": "tests/oott_assets/trends/test_trend_report.py runs the same command",
    "make ui": "it runs until it is stopped",
    "make serve": "the service is started by tests.oott_serving.servers, on a free port",
    "make train": "tests/oott_assets/training/test_training_pipeline.py runs the same job",
    "make backfill": "tests/oott_assets/test_backfill.py runs the same command",
    "make status": "tests/oott_assets/test_status.py runs the same command",
    "make lock": "it needs a package index",
    "make format": "it changes the working tree",
    ".venv/bin/bentoml build": "tests/oott_serving/test_bento.py builds and serves a bento",
    ".venv/bin/bentoml serve closet_service": "tests/oott_serving/test_bento.py serves a bento",
    "docker": "tests/oott_serving/test_container.py runs what the image runs",
    "deploy/make-secrets.sh": "tests/test_deploy.py runs it in another folder",
    "helm": "tests/test_deploy.py renders the chart",
    "kubectl": "tests/test_deploy.py validates the job",
    ".venv/bin/pre-commit install": "it changes the hooks of the working tree",
    ".venv/bin/uv pip install": "it needs a package index",
    "python3.11 -m venv": "it needs a package index",
    "~/label-studio/bin/pip install": "it needs a package index",
    "~/label-studio/bin/label-studio start": "docs/label_studio_loop.py runs the same server",
    "mkdir -m 2770": "it needs a group; test_two_users.py uses such a folder",
    "chgrp": "it needs a group; test_two_users.py uses such a folder",
    "umask": "test_two_users.py sets it",
    "apt-get install": "it needs root; tests/install-packages.sh does the same",
}


class Command(NamedTuple):
    """A command of a page, and the output that the page shows; None in a block without output."""

    page: str
    text: str
    output: str | None


def commands() -> list[Command]:
    return [command for page, text in TEXTS.items() for command in _commands_of(page, text)]


def _commands_of(page: str, text: str) -> Iterator[Command]:
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = entry.rstrip("\n").split("\n")
            yield Command(page, first, "\n".join(rest))
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.split("  #")[0].strip()
            # A line of .env is not a command.
            if not re.fullmatch(r"OOTT_\w+=(?:\S*|'.*')", command):
                yield Command(page, command, None)


def without_variables(command: str) -> str:
    """Remove the variables before a command: ``A=1 B=2 make ui`` gives ``make ui``."""
    return re.sub(r"^(?:\w+=\S* +)+", "", command)


# Requests to the service, and the commands that write their bodies to /tmp.
CONSOLE = [
    command
    for command in commands()
    if "localhost:5543" in command.text or " > /tmp/" in command.text
]
PYTHON = [
    command
    for command in commands()
    if re.search(r"\.venv/bin/python -m (?!dagster )", command.text) and not command.output
]
JOBS = [command for command in commands() if "dagster job execute" in command.text]
MATERIALIZE = [command for command in commands() if "dagster asset materialize" in command.text]
DEMO = [command for command in commands() if command.text == "make demo"]


def test_every_command_is_run_by_a_test_or_listed_with_the_reason() -> None:
    run = {*CONSOLE, *PYTHON, *JOBS, *MATERIALIZE, *DEMO}
    unknown = [
        command
        for command in commands()
        if command not in run
        and not without_variables(command.text).startswith(tuple(NOT_RUN_HERE))
    ]

    assert unknown == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Run ``make demo`` once; give its output and its home folder."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_demo(folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, folder / "oott"


def table_in(output: str) -> dict[tuple[str, str], list[int]]:
    """Read the demo's trend tables: the count of each look per month, by destination."""
    table, place = {}, ""
    for line in output.splitlines():
        if ", worn per month" in line:
            place = line.split()[0]
        elif row := re.match(r"  (\w+ +\S.*?)((?: +\d+)+)$", line):
            table[place, " ".join(row[1].split())] = [int(times) for times in row[2].split()]
    return table


def prose_of(output: str) -> list[str]:
    """Give the lines outside the tables, without garments, seconds and the home folder."""
    output = re.sub(r"(?<= )/\S+/oott/", ".oott/", output)
    lines = [line for line in output.splitlines() if not re.match(r"  \w+ +\S.* +\d+$", line)]
    return [re.sub(r"\d+ garments in \d+\.\d s", "... garments in ... s", line) for line in lines]


def test_make_demo_prints_what_the_readme_shows(demo: tuple[str, Path]) -> None:
    printed, _ = demo
    [command] = DEMO
    output = command.output or ""

    assert prose_of(printed.rstrip("\n")) == prose_of(output)
    expected, found = table_in(output), table_in(printed)
    assert len(expected) == len(found) == 12
    # Boxes differ slightly on another processor, so counts and the last rows may differ.
    same = [look for look in expected if look in found]
    assert len(same) >= 9
    for look in same:
        assert found[look] == pytest.approx(expected[look], abs=2), look


def test_the_query_of_the_trends_page_gives_shares_of_photos(demo: tuple[str, Path]) -> None:
    query, *_ = re.findall(r"```sql\n(.*?)```", TEXTS["docs/look-at-trends.md"], re.DOTALL)

    with sqlite3.connect(demo[1] / "trends.sqlite") as database:
        rows = database.execute(query).fetchall()

    detections = pd.read_parquet(demo[1] / "photos/detections/2026-09.hongdae.parquet").dropna(
        subset="garment"
    )
    assert len(rows) == 5
    for garment, colour, worn, share in rows:
        of_look = detections[(detections.garment == garment) & (detections.colour == colour)]
        assert len(of_look) == worn
        assert of_look.photo.nunique() / detections.photo.nunique() == pytest.approx(share)


class Truth(NamedTuple):
    """The drawn looks and the counted looks, by destination and month."""

    drawn: Counter[tuple[str, str, Look]]
    counted: Counter[tuple[str, str, Look]]


@pytest.fixture(scope="module")
def truth(demo: tuple[str, Path]) -> Truth:
    """Draw three partitions of the demo again, and read what it has counted there."""
    found = Truth(Counter(), Counter())
    for slug, month in DRAWN_AGAIN:
        place = read_destinations().destination(slug)
        for photo in Lookbook(PhotoSettings().lookbook_photos).drawn(place, month):
            found.drawn.update(
                (slug, f"{month}", Look(category_of(worn.garment), worn.garment, worn.colour))
                for worn in photo.garments
                # A garment without a box is wholly covered by others.
                if worn.boxes
            )
        with closing(sqlite3.connect(demo[1] / "trends.sqlite")) as database:
            query = (
                "SELECT category, garment, colour, worn FROM garment_trends"
                " WHERE destination = ? AND month = ?"
            )
            for category, garment, colour, worn in database.execute(query, (slug, f"{month}")):
                found.counted[slug, f"{month}", Look(category, garment, colour)] = worn
    return found


def test_the_demo_misses_at_most_a_tenth_of_the_drawn_garments(truth: Truth) -> None:
    found = truth.drawn & truth.counted
    missed, invented = truth.drawn - found, truth.counted - found

    print(report(truth, missed, invented))  # noqa: T201 - pytest shows it with -rP, and on failure
    assert missed.total() <= MAX_MISSED * truth.drawn.total()
    assert invented.total() <= MAX_MISSED * truth.drawn.total()


def report(
    truth: Truth,
    missed: Counter[tuple[str, str, Look]],
    invented: Counter[tuple[str, str, Look]],
) -> str:
    worst = ", ".join(
        f"{look.colour} {look.garment} {times}" for (_, _, look), times in missed.most_common(8)
    )
    return (
        f"{truth.drawn.total()} garments drawn, {truth.counted.total()} counted; "
        f"{missed.total()} missed or misnamed, {invented.total()} not drawn; most missed: {worst}"
    )


def test_each_partition_of_the_demo_is_drawn_and_counted(truth: Truth) -> None:
    expected = {(slug, f"{month}") for slug, month in DRAWN_AGAIN}

    for counts in truth:
        assert {(slug, month) for slug, month, _ in counts} == expected


def write_an_estimate(database_url: str) -> None:
    """Write the estimate that the page of the service shows."""
    october = date(2026, 10, 1)
    puffer = EstimateRow(
        october, "destination", "haeundae", "garment", "puffer", "any", "outer", 120, 96, 30,
        0.25, 0.18, 0.33, 0.15, 0.04, 0.26, "rising", None, None, None, "no month to compare",
        None, 0.8, 0.7, "20261127T021530Z-63ee7fd8", datetime(2026, 11, 1, 3),
    )  # fmt: skip
    with closing(TrendTables.open(database_url, read_destinations())) as tables:
        tables.migrate()
        tables.replace_estimates(october, [puffer])


def test_the_service_answers_as_the_pages_show(tmp_path: Path) -> None:
    with serving(tmp_path, starter_detector=STARTER) as server:
        write_an_estimate(server.database_url)
        for command in CONSOLE:
            shell = command.text.replace("localhost:5543", f"127.0.0.1:{server.port}")
            shell = shell.replace("/tmp/", f"{tmp_path}/")
            done = subprocess.run(
                ["bash", "-c", shell], capture_output=True, text=True, check=True, timeout=60
            )
            assert done.stdout.rstrip("\n") == command.output, command


@pytest.mark.parametrize("command", PYTHON, ids=lambda command: command.text)
def test_every_python_command_explains_itself_with_help(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, *options = shlex.split(command.text.split("python -m ")[1])
    # A command such as "versions compare" has a help of its own.
    words = list(takewhile(lambda option: not option.startswith("--"), options))
    monkeypatch.setattr(sys, "argv", [module, *words, "--help"])

    # A new process would have to import the packages again, which is slow.
    with warnings.catch_warnings(action="ignore"), pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")

    assert ended.value.code in (0, None)
    shown = capsys.readouterr().out
    for option in options:
        assert not option.startswith("--") or option in shown


@pytest.mark.parametrize("command", MATERIALIZE, ids=lambda command: command.page)
def test_dagster_knows_the_assets_and_the_partition_of_the_command(command: Command) -> None:
    arguments = shlex.split(command.text.split(" materialize ")[1])
    given = asset_materialize_command.make_context("materialize", arguments).params

    known = {key.to_user_string() for key in defs.resolve_all_asset_keys()}
    assert set(given["select"].split(",")) <= known
    assert month_by_destination.has_partition_key(given["partition"])


def test_commands_of_dagster_find_the_modules_that_dagster_yaml_names(tmp_path: Path) -> None:
    shutil.copy("dagster.yaml", tmp_path)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given = [line for text in (*TEXTS.values(), MAKEFILE) for line in text.splitlines()]
    commands = [line for line in given if re.search(r"(bin|BIN\))/.*\bdagster ", line)]

    assert len(commands) == 5
    assert all("python -m" in command for command in commands)
    subprocess.run(
        [sys.executable, "-m", "dagster", "instance", "info"],
        env=env | {"DAGSTER_HOME": str(tmp_path)}, capture_output=True, check=True,
    )  # fmt: skip


@pytest.mark.parametrize("command", JOBS, ids=lambda command: command.page)
def test_dagster_knows_the_job_of_the_command(command: Command) -> None:
    *_, module, option, job = shlex.split(command.text)

    assert (module, option) == ("oott_assets.definitions", "-j")
    assert defs.resolve_job_def(job)


def test_a_variable_sets_the_port_of_the_dagster_ui(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_CLI_DEV_PORT", "3456")

    prefix = f"{ENV_PREFIX}_DEV"
    given = dev_command.make_context("dev", [], auto_envvar_prefix=prefix).params

    assert given["port"] == "3456"


def test_every_make_target_exists() -> None:
    makefile = Path("Makefile").read_text(encoding="utf-8")
    targets = {target for text in TEXTS.values() for target in re.findall(r"`make (\w+)", text)}

    missing = [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)]

    assert missing == []


def anchors_of(text: str) -> set[str]:
    """Give the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXTS[page]):
        path, _, anchor = link.partition("#")
        target = Path(page).parent / path if path else Path(page)
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text())):
            broken.append(link)

    assert broken == []


def test_every_setting_that_a_page_names_is_on_the_page_of_settings() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"\bOOTT_[A-Z_]+\b", text)}
    listed = set(re.findall(r"^\| `(OOTT_\w+)`", TEXTS["docs/settings.md"], re.MULTILINE))

    assert named - listed == set()


def test_every_path_of_the_code_that_a_page_names_exists() -> None:
    pattern = r"`((?:oott_\w+|tests|models|benchmarks|docs)/[\w./-]*[\w/])`"
    named = {path for text in TEXTS.values() for path in re.findall(pattern, text)}

    assert named
    assert [path for path in named if not Path(path).exists()] == []


def test_the_quality_page_has_the_numbers_of_the_starters_card() -> None:
    metrics = read_card(STARTER / "card.json").metrics
    street, closet = TEXTS["docs/how-good-it-is.md"].split("Share of closet photos with the right")
    shown = {
        "main_data": ("mAP50", "mAP50-95", "mAP50 of garments with 10 boxes"),
        "closet": ("label right", "nothing found"),
    }

    for data, names in shown.items():
        for name in names:
            assert f"{metrics[data][name]:.3f}" in street
    for data, page in (("main_data", street), ("closet", closet)):
        for garment in metrics[data].keys() & set(GARMENT_NAMES):
            assert f"| {garment} | {metrics[data][garment]:.2f} |" in page


def test_the_readme_has_the_numbers_of_the_starters_card() -> None:
    metrics = read_card(STARTER / "card.json").metrics

    assert f"mAP50 of {metrics['main_data']['mAP50']:.3f}" in TEXTS["README.md"]
    assert f"on {metrics['closet']['label right']:.0%}".replace("%", " %") in TEXTS["README.md"]


def test_the_pages_name_every_check_schedule_and_sensor() -> None:
    checks = [
        spec.name for check in (*TREND_CHECKS, *TRAINING_CHECKS) for spec in check.check_specs
    ]
    ticking = [each.name for each in (*(defs.schedules or []), *(defs.sensors or []))]
    text = "".join(TEXTS.values())

    assert [name for name in (*checks, *ticking) if f"| `{name}` |" not in text] == []


def test_the_operating_page_has_the_delays_of_the_retry_tables() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([\d s,]+) \|$", TEXTS["docs/operate.md"], re.MULTILINE)
    rules = {**PHOTO_FAILURES, **TREND_FAILURES}
    kinds = (SourceBusy, StoreUnreachable, TrendDatabaseUnavailable)

    assert rows == [
        ", ".join(f"{seconds:g} s" for seconds in rules[kind].delays_seconds) for kind in kinds
    ]


def test_the_photos_page_explains_every_state_of_the_manifest() -> None:
    text = TEXTS["docs/collect-photos.md"]

    assert [state for state in get_args(State) if f"`{state}`" not in text] == []


def test_the_service_page_lists_every_route_and_status() -> None:
    text, paths = TEXTS["docs/run-the-service.md"], openapi_document()["paths"]
    statuses = {
        status
        for methods in paths.values()
        for each in methods.values()
        for status in each["responses"]
    }

    assert [path for path in paths if path not in text] == []
    assert [status for status in statuses - {"200"} if f"| {status} |" not in text] == []


def test_the_destinations_of_the_photos_page_can_be_read(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", TEXTS["docs/collect-photos.md"], re.DOTALL)
    file = tmp_path / "destinations.yaml"
    file.write_text(textwrap.dedent(block), encoding="utf-8")

    assert read_destinations(file).slugs == ["haeundae", "songjeong"]


def test_every_picture_is_small_and_shown_with_words_on_a_page() -> None:
    files = [*Path("docs/pictures").iterdir()]
    shown = {
        (Path(page).parent / picture).resolve()
        for page, text in TEXTS.items()
        for picture in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", text)
    }

    assert {file.resolve() for file in files} == shown
    assert all(file.stat().st_size < 150_000 for file in files)
    assert sum(file.stat().st_size for file in files) < 900_000
    for file in files:
        Image.open(file).load()


def test_the_example_of_tags_is_a_file_of_tags(tmp_path: Path) -> None:
    [example] = re.findall(
        r"```\n(photo\tgarments.*?)```", TEXTS["docs/label-and-train.md"], re.DOTALL
    )
    (tmp_path / "tags.tsv").write_text(example)

    tags = read_photo_tags(tmp_path / "tags.tsv")

    found = {name: tags.of(tmp_path / name) for name in ("1005.jpg", "1006.jpg", "1007.jpg")}
    assert [one.are_complete for one in found.values()] == [True, False, True]
    assert found["1005.jpg"].garments == ("dress shoes", "shirt", "skirt")
    assert found["1007.jpg"].garments == ()


def test_the_readme_and_the_decisions_are_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 150
    decisions = {page: text for page, text in TEXTS.items() if re.search(r"decisions/\d", page)}
    assert {page for page, text in decisions.items() if len(text.splitlines()) > 40} == set()


def test_the_list_of_decisions_is_complete() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", TEXTS["docs/decisions/README.md"])

    assert listed == sorted(file.name for file in Path("docs/decisions").glob("0*.md"))
