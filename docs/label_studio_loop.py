"""Repeats docs/label-in-label-studio.md with a real Label Studio, and takes the page's pictures.

Run it: ``.venv/bin/python -m docs.label_studio_loop /path/to/label-studio``, with the program of an
environment of its own. It draws photos, chooses some, corrects two boxes through the API, reads the
export and trains for one epoch. All files are in a temporary folder. It takes about ten minutes.
"""

import argparse
import copy
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
from selenium import webdriver
from selenium.webdriver.common.by import By

from demo import free_port
from docs.pictures import DRAWING_SECONDS, PICTURES, chromium, save_screenshot

_USER, _PASSWORD, _TOKEN = "labeller@example.com", "only-for-pictures", "1" * 40
_PHOTOS = 12
_PLACES, _MONTHS = ("hongdae", "jeju"), ("2026-09", "2026-10")
_START_SECONDS = 600
_COLOURS = 256  # the boxes of garments differ by colour

Task = Mapping[str, Any]


def main() -> None:
    """Go once around the loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("label_studio", type=Path, help="the program label-studio")
    parser.add_argument("--record", type=Path, help="file to keep the export in, for tests")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        set_environment(Path(folder))
        choose_photos()
        with label_studio(arguments.label_studio, Path(folder)) as client:
            project = make_project(client, Path(folder))
            take_screenshots(str(client.base_url).rstrip("/"), project)
            annotate(client, tasks_of(client, project))
            export = client.get(f"/api/projects/{project}/export?download_all_tasks=true")
        Path(folder, "oott/label-tasks/export.json").write_bytes(export.content)
        if arguments.record:
            arguments.record.write_bytes(export.content)
        train(Path(folder))


def set_environment(folder: Path) -> None:
    """Let OOTT and Dagster use ``folder``, and train a small detector for one epoch."""
    os.environ |= {
        "DAGSTER_HOME": str(folder),
        "OOTT_HOME": str(folder / "oott"),
        "OOTT_PHOTO_SOURCE": "lookbook",
        "OOTT_MAIN_DATA": f"{folder / 'labelled'}{os.pathsep}{folder / 'oott/label-tasks'}",
        "OOTT_EPOCHS": "1",
        "OOTT_IMAGE_SIDE": "160",
        "OOTT_STARTING_WEIGHTS": "scratch",
    }
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")


def choose_photos() -> None:
    """Draw and detect two months of two destinations, and choose photos to label."""
    for key in (f"{place}|{month}" for place in _PLACES for month in _MONTHS):
        run("monthly_trends_job", ["instagram_images", "garment_detections"], partition_key=key)
    config = {"ops": {"label_tasks": {"config": {"photos": _PHOTOS}}}}
    run("label_tasks_job", ["label_tasks"], run_config=config)


def run(job: str, steps: Sequence[str], **options: Any) -> dg.ExecuteInProcessResult:
    """Run some steps of a job, and record them."""
    from oott_assets.definitions import configured_resources, defs

    selected = defs.resolve_job_def(job).get_subset(op_selection=list(steps))
    with dg.DagsterInstance.get() as records:
        return selected.execute_in_process(
            resources=configured_resources(), instance=records, **options
        )


@contextmanager
def label_studio(program: Path, folder: Path) -> Iterator[httpx.Client]:
    """Run Label Studio with its data in ``folder``, and give a client that is logged in."""
    port = free_port()
    command = [program, "start", "--no-browser", "--enable-legacy-api-token"]
    command += ["--data-dir", folder / "label-studio", "--internal-host", "127.0.0.1"]
    command += ["--port", str(port), "--username", _USER, "--password", _PASSWORD]
    served = {
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder / "oott"),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    server = subprocess.Popen([*map(str, command), "--user-token", _TOKEN], env=os.environ | served)
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Token {_TOKEN}"},
        timeout=120,
    )
    try:
        wait_for(client)
        yield client
    finally:
        server.terminate()
        server.wait(60)


def wait_for(client: httpx.Client) -> None:
    """Wait until the server answers; the first start makes its database for minutes."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            client.get("/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(2)
        else:
            return
    raise TimeoutError(f"Label Studio did not answer within {_START_SECONDS} s")


def make_project(client: httpx.Client, folder: Path) -> int:
    """Create the project and its storage as the page says, and sync the storage once."""
    batches = folder / "oott/label-tasks"
    interface = (batches / "labelling-interface.xml").read_text()
    project = answer(
        client.post("/api/projects", json={"title": "OOTT", "label_config": interface})
    )["id"]
    storage = {
        "project": project,
        "title": "label-tasks",
        "path": str(batches),
        "regex_filter": r"tasks\.json$",
        "recursive_scan": True,
        "use_blob_urls": False,
    }
    made = answer(client.post("/api/storages/localfiles", json=storage))
    answer(client.post(f"/api/storages/localfiles/{made['id']}/sync"))
    answer(client.patch(f"/api/projects/{project}", json={"model_version": "OOTT"}))
    return int(project)


def tasks_of(client: httpx.Client, project: int) -> list[Task]:
    """List the tasks with their predictions."""
    options: dict[str, str | int] = {"project": project, "fields": "all"}
    return list(answer(client.get("/api/tasks", params=options))["tasks"])


def annotate(client: httpx.Client, tasks: Sequence[Task]) -> None:
    """Correct, accept, empty, skip and label twice; the other tasks stay without labels."""
    corrected, accepted, empty, skipped, twice = tasks[:5]
    boxes = boxes_of(corrected)
    boxes[0]["value"]["rectanglelabels"] = ["coat"]
    boxes[1]["value"] |= {"x": 30.0, "width": 40.0}
    submit(client, corrected, boxes)
    submit(client, accepted, boxes_of(accepted))
    submit(client, empty, [])
    submit(client, skipped, [], was_cancelled=True)
    submit(client, twice, boxes_of(twice)[:1])
    submit(client, twice, boxes_of(twice)[:2])


def boxes_of(task: Task) -> list[dict[str, Any]]:
    """Copy the boxes of the task's prediction."""
    return list(copy.deepcopy(task["predictions"][0]["result"]))


def submit(client: httpx.Client, task: Task, boxes: Sequence[object], **more: object) -> None:
    """Submit an annotation, as the button Submit does."""
    answer(client.post(f"/api/tasks/{task['id']}/annotations/", json={"result": boxes, **more}))


def answer(response: httpx.Response) -> dict[str, Any]:
    """Give the JSON of a successful response."""
    response.raise_for_status()
    return dict(response.json())


def take_screenshots(url: str, project: int) -> None:
    """Save the list of tasks, and the screen on which a person corrects boxes."""
    with chromium() as browser:
        log_in(browser, url)
        for name, page in {"label-studio-tasks": "", "label-studio-boxes": "?labeling=1"}.items():
            browser.get(f"{url}/projects/{project}/data{page}")
            time.sleep(DRAWING_SECONDS)
            save_screenshot(browser, PICTURES / f"{name}.png", _COLOURS)


def log_in(browser: webdriver.Chrome, url: str) -> None:
    """Log in as the user that the server was started with."""
    browser.get(f"{url}/user/login")
    browser.find_element(By.ID, "email").send_keys(_USER)
    browser.find_element(By.ID, "password").send_keys(_PASSWORD)
    browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
    time.sleep(DRAWING_SECONDS)


def train(folder: Path) -> None:
    """Read a drawn data set and the export, and train one epoch."""
    from oott_assets.training.labels.drawn_data_set import write_data_set

    write_data_set(folder / "labelled", train=12, valid=6)
    done = run("training_job", ["main_data", "main_weights"])
    for event in done.get_asset_materialization_events():
        for name, entry in event.materialization.metadata.items():
            if "data:image" not in str(entry.value):
                print(f"{name}: {entry.value}")  # noqa: T201


if __name__ == "__main__":
    main()
