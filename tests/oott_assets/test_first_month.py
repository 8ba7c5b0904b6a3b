"""The first month as docs/first-month.md shows it: a person in the UI of a real Dagster."""

import re
import shlex
import shutil
import ssl
import subprocess
from datetime import date
from pathlib import Path

import httpx
import pytest

from oott_assets.dagster_records import main
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.photo_source import FoundPhoto
from oott_fashion.destinations import read_destinations
from tests.compose_stack import CADDY, Stack, compose_stack, read_stack
from tests.databases import run_sql
from tests.object_store import Bucket
from tests.oott_assets.dagster_processes import Webserver, dagster_processes
from tests.oott_assets.dagster_ui import DagsterUi, dagster_ui
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.starters import SMALL_STARTER

SETTINGS = {"OOTT_ENGINE": "onnxruntime", "OOTT_PHOTO_SOURCE": "folder"}
_RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
_BACKUP = re.compile(
    r"^docker compose \S+ \S+ (?:exec|run --rm --no-deps) -T (\w+) (.*) ([<>]) (\S+)$", re.MULTILINE
)
PHOTOS = {
    ("haeundae", 8): 24,
    ("haeundae", 9): 24,
    ("hongdae", 8): 24,
    ("hongdae", 9): 2,  # too few for a trend
}


def save_photos(folder: Path) -> None:
    """Draw photos into folders of destinations and months."""
    destinations = read_destinations()
    for (slug, month), count in PHOTOS.items():
        of_month = folder / slug / f"2026-{month:02}"
        of_month.mkdir(parents=True)
        for post in Lookbook(count).posts(destinations.destination(slug), date(2026, month, 1)):
            for photo in post.fetch().photos:
                assert isinstance(photo, FoundPhoto)
                (of_month / photo.name).write_bytes(photo.content)


def take_the_tour(folder: Path, pictures: Path, detector: Path) -> None:
    """Work through the first month on SQLite, with everything in ``folder``.

    A screenshot of each step is written into ``pictures``.
    """
    folder.mkdir(exist_ok=True)
    save_photos(folder / "photos")
    settings = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "OOTT_HOME": str(folder / "home"),
        "OOTT_DATABASE_URL": f"sqlite:///{folder / 'trends.sqlite'}",
        "OOTT_STARTER_DETECTOR": str(detector),
        "OOTT_PHOTOS_FOLDER": str(folder / "photos"),
    } | SETTINGS
    (folder / "dagster").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["dagster_records"])
        main()

    with dagster_processes(folder, settings) as server, dagster_ui(server.url, pictures) as ui:
        work_through_the_month(server, ui, settings["OOTT_DATABASE_URL"])


def work_through_the_month(server: Webserver, ui: DagsterUi, database: str) -> None:
    """Count a month in the UI, then two months of two destinations, and find a failed check."""
    # The runs of trend reports would take as long as the rest of the tour.
    server.stop_sensor("estimates_sensor")
    ui.start(["haeundae"], "2026-09", "first-partition")
    assert "haeundae|2026-09" in ui.wait_for("Success", "first-run")
    [sheet] = ui.pictures_of("garment_detections", "haeundae|2026-09", "found-garments")
    [chart] = ui.pictures_of("garment_trends", "haeundae|2026-09", "most-worn")
    assert min(sheet, chart) > 500

    ui.start(["haeundae", "hongdae"], "[2026-08...2026-09]", "backfill-dialogue")
    ui.wait_for("100% completed", "backfill")
    counted = run_sql(
        database,
        "SELECT destination, month, photos FROM trend_coverage",
    )
    assert {(slug, str(month)[:7]): photos for slug, month, photos in counted} == {
        (slug, f"2026-{month:02}"): photos for (slug, month), photos in PHOTOS.items()
    }

    check = "enough_garments_to_call_it_a_trend"
    page = ui.failed_check("garment_trends", check, "hongdae|2026-09", "failed-check")
    assert "Failed (1)" in page
    assert "min_garments 30" in page


def stored(stack: Stack) -> tuple[list[tuple[object, ...]], ...]:
    """Give the trends, the runs and the files of the volume ``data``."""
    url, data = stack.secret("oott_database_url"), stack.volume("data")
    return (
        run_sql(url, "SELECT * FROM garment_trends ORDER BY id"),
        run_sql(url, "SELECT * FROM trend_coverage ORDER BY destination, month"),
        run_sql(url, "SELECT run_id, status FROM runs ORDER BY id"),
        sorted((str(path.relative_to(data)), path.lstat().st_size) for path in data.rglob("*")),
    )


def run_documented_commands(stack: Stack, folder: Path, direction: str) -> None:
    """Run the commands of docs/deploy.md that write or read the files of a backup."""
    for service, command, sign, file in _BACKUP.findall(Path("docs/deploy.md").read_text()):
        if sign == direction:
            source, target = (folder / file, None) if sign == "<" else (None, folder / file)
            stack.execute(service, shlex.split(command), source, target)


def test_a_person_counts_the_first_month_in_the_stack_of_the_compose_file(
    tmp_path: Path, bucket: Bucket
) -> None:
    """With a bucket. ``docs/pictures.py`` takes the same tour on SQLite and in folders."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    settings = SETTINGS | {
        "OOTT_MODEL_STORE": f"{bucket.url}/models",
        "OOTT_PHOTO_STORE": f"{bucket.url}/photos",
        "OOTT_RUN_LOGS": f"{bucket.url}/runs",
        "OOTT_PHOTOS_FOLDER": "/data/incoming",
        "OOTT_STARTER_DETECTOR": "/data/small-starter",
        "STORAGE_EMULATOR_HOST": bucket.store.url,
        "OMP_NUM_THREADS": "1",
        "OOTT_WORKERS": "1",
    }
    hashed = subprocess.check_output(
        [CADDY, "hash-password", "--plaintext", "secret", "--bcrypt-cost", "4"], text=True
    )
    logins = {"operators": f"ann {hashed}", "viewers": f"bob {hashed}"}
    with compose_stack(read_stack(tmp_path, settings, logins)) as stack:
        save_photos(stack.volume("data") / "incoming")
        shutil.copytree(SMALL_STARTER, stack.volume("data") / "small-starter")
        stack.up()
        changing, looking = stack.url("proxy", 443), stack.url("proxy", 8443)
        tls = ssl.create_default_context(cafile=stack.certificate())
        operator = Webserver(changing, {"auth": ("ann", "secret"), "verify": tls})
        viewer = Webserver(looking, {"auth": ("bob", "secret"), "verify": tls})

        with dagster_ui(operator.url, pictures, "ann:secret") as ui:
            work_through_the_month(operator, ui, stack.secret("oott_database_url"))

        assert len(list(pictures.iterdir())) == 7
        with httpx.Client(verify=tls, timeout=60) as client:
            assert client.get(changing).status_code == 401
            assert client.get(looking).status_code == 401
            assert client.get(changing, auth=("bob", "secret")).status_code == 401
        app = {path.name for path in (stack.files("code") / "app").iterdir()}
        assert app == {"dagster.yaml", "models", "oott_assets", "oott_fashion", "workspace.yaml"}
        seen = viewer.query(_RUNS)["runsOrError"]["results"]
        assert [run["status"] for run in seen] == ["SUCCESS"] * 5
        answer = viewer.answer_to_launch("haeundae|2026-09")
        assert answer["__typename"] == "UnauthorizedError"
        with httpx.Client(base_url=stack.url("service", 5543), timeout=60) as client:
            body = {"base64_image": base64_of(street_jpeg())}
            key = {"Authorization": f"Bearer {stack.secret('oott_api_keys')}"}
            assert client.post("/predict/camera", json=body).status_code == 401
            assert client.post("/predict/camera", json=body, headers=key).status_code == 200

        stack.stop(*(stack.processes.keys() - {"database"}))
        before = stored(stack)
        run_documented_commands(stack, tmp_path, ">")
        run_sql(stack.secret("oott_database_url"), "DROP DATABASE oott", "CREATE DATABASE oott")
        data = stack.volume("data")
        for path in data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        run_documented_commands(stack, tmp_path, "<")
        assert stored(stack) == before
