"""The programs of docs/call-the-service.md run against the service, and against a busy one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.oott_serving.servers import REPOSITORY, STARTER, Server, serving

PAGE = (REPOSITORY / "docs" / "call-the-service.md").read_text(encoding="utf-8")
LOOK = REPOSITORY / "docs" / "look.jpg"
BUSY = "1 photos are already waiting; try again later"
LANGUAGES = ("python", "js", "kotlin")

# With these, a short run needs half of the CPU time.
JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

Command = list[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the service with the starter detector, whose answers the page shows."""
    with serving(tmp_path_factory.mktemp("service"), starter_detector=STARTER) as server:
        yield server


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Command]:
    """Write the programs to files, compile what needs it, and give the commands that start them."""
    folder = tmp_path_factory.mktemp("programs")
    files = {}
    for language in LANGUAGES:
        [program] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
        files[language] = folder / f"client.{language}"
        files[language].write_text(program, encoding="utf-8")
    kotlin = files["kotlin"].rename(folder / "client.kt")
    compiled = subprocess.run(
        ["kotlinc", kotlin, "-d", folder / "classes"],
        env=os.environ | {"JAVA_OPTS": " ".join(JAVA_OPTIONS)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert compiled.returncode == 0, compiled.stderr
    path = f"{folder / 'classes'}:/usr/share/java/kotlin-stdlib.jar"
    return {
        "python": [sys.executable, str(files["python"])],
        "js": ["node", str(files["js"])],
        "kotlin": ["java", *JAVA_OPTIONS, "-cp", path, "ClientKt"],
    }


def all_at_once(
    programs: dict[str, Command], url: str, photo: Path
) -> "list[subprocess.CompletedProcess[str]]":
    """Run the programs of all languages, in their order."""

    def output_of(command: Command) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, url, str(photo)], capture_output=True, text=True, timeout=60, check=False
        )

    with ThreadPoolExecutor(len(LANGUAGES)) as clients:
        return list(clients.map(output_of, (programs[language] for language in LANGUAGES)))


def shown_after(command: str) -> str:
    """Give the output that the page shows below a command."""
    [output] = re.findall(rf"^\$ {re.escape(command)}.*\n((?:[^$`].*\n)+)", PAGE, re.MULTILINE)
    return str(output)


def test_the_programs_print_what_the_page_shows(
    programs: dict[str, Command], server: Server
) -> None:
    python, js, kotlin = all_at_once(programs, server.url, LOOK)

    assert python.stdout == shown_after("python garments.py"), python.stderr
    assert js.stdout == shown_after("node garment.js"), js.stderr
    answer = json.dumps(json.loads(kotlin.stdout), indent=4)
    assert answer.startswith(shown_after("java -jar garments.jar").rstrip())
    labels = [garment["label"] for garment in json.loads(kotlin.stdout)["garments"]]
    assert labels == [" ".join(line.split()[:-1]) for line in python.stdout.splitlines()]


def test_the_programs_give_the_error_of_the_service(
    programs: dict[str, Command], server: Server, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("a text")

    for done in all_at_once(programs, server.url, letter):
        assert done.returncode == 1
        assert "400: " in done.stderr
        assert "are not a photo" in done.stderr


class Busy(BaseHTTPRequestHandler):
    """Answers the first request of each program with 503, and the next ones with a garment."""

    asked: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_first = self.headers["User-Agent"] not in self.asked
        self.asked.append(self.headers["User-Agent"])
        found = {"label": "coat", "color": "black", "full_color": "black"}
        answer = {"error": BUSY} if is_first else {"garments": [found], **found}
        self.send_response(503 if is_first else 200)
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def busy() -> Iterator[str]:
    handler = type("Handler", (Busy,), {"asked": []})
    with HTTPServer(("127.0.0.1", 0), handler) as service, ThreadPoolExecutor(1) as thread:
        thread.submit(service.serve_forever, 0.05)
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()


def test_the_programs_send_a_photo_again_when_the_service_is_busy(
    programs: dict[str, Command], busy: str
) -> None:
    done = all_at_once(programs, busy, LOOK)

    assert all("coat" in each.stdout for each in done), done
