"""Runs an image of deploy/ without a container engine: its files, variables, user and command."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.databases import free_port
from tests.locked_packages import without_other_packages
from tests.oott_serving.servers import REPOSITORY, Server, running

_BIN = Path(sys.executable).parent


class Image(NamedTuple):
    """What the last stage of a Dockerfile says."""

    files: dict[str, str]
    variables: dict[str, str]
    user: int
    health_check: list[str] | None
    command: list[str]


def read_image(file: str = "Dockerfile") -> Image:
    """Read a Dockerfile of deploy/: that of the service, or ``pipeline.Dockerfile``."""
    text = (REPOSITORY / "deploy" / file).read_text().replace("\\\n", " ")
    last_stage = text.split("\nFROM ")[-1]

    def lines(keyword: str) -> list[str]:
        return re.findall(rf"^{keyword} (.*)$", last_stage, re.MULTILINE)

    [user], [command] = lines("USER"), lines("CMD")
    health_check = next(iter(lines("HEALTHCHECK")), None)
    return Image(
        files=dict(line.split() for line in lines("COPY") if not line.startswith("--from")),
        variables=dict(line.split("=", 1) for line in lines("ENV")),
        user=int(user.split(":")[0]),
        health_check=json.loads(health_check.split("CMD ")[1]) if health_check else None,
        command=json.loads(command),
    )


class Container(NamedTuple):
    """A running image; its files are in ``root``."""

    server: Server
    root: Path
    image: Image
    env: dict[str, str]
    changed_user: bool

    def is_healthy(self) -> bool:
        assert self.image.health_check
        check = [part.replace("5543", str(self.server.port)) for part in self.image.health_check]
        return subprocess.run(check, env=self.env, capture_output=True).returncode == 0


@contextmanager
def container(settings: Mapping[str, str], detector: Path) -> Iterator[Container]:
    """Run the image with ``settings`` and the published ``detector``, on a free port.

    If the test may change its user, as root may, it runs as the user of the image.
    """
    image, port = read_image(), free_port()
    root = Path(tempfile.mkdtemp(prefix="oott-image-"))
    try:
        root.chmod(0o755)
        for source, target in image.files.items():
            shutil.copytree(REPOSITORY / source, in_image(root, target))
        shutil.copytree(detector, in_image(root, "/data/models"))
        in_image(root, "/tmp").mkdir()
        as_user = start_as(image.user)
        user = image.user if as_user else os.getuid()
        for folder in ("/data", "/tmp"):
            for path in (in_image(root, folder), *in_image(root, folder).rglob("*")):
                os.chown(path, user, -1)
        env = {
            **{name: moved(value, root) for name, value in image.variables.items()},
            "TMPDIR": str(in_image(root, "/tmp")),
            "PYTHONPATH": str(without_other_packages("service", root / "locked")),
            "BENTOML_PORT": str(port),
            **settings,
        }
        env["PATH"] = f"{_BIN}:{env['PATH']}"
        command, home = [*as_user, *image.command], in_image(root, "/data")
        app = in_image(root, "/app")
        with running(command, port, home, root / "log", cwd=app, env=env) as server:
            yield Container(server, root, image, env, bool(as_user))
    finally:
        shutil.rmtree(root)


def in_image(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def moved(value: str, root: Path) -> str:
    return re.sub(r"^/(?=(app|data|run|tmp)\b)", f"{root}/", value)


def start_as(user: int) -> list[str]:
    """Give the start of a command that runs as ``user``; it is empty if that is impossible."""
    command = [
        "setpriv",
        *(f"--reuid={user}", f"--regid={user}", "--clear-groups", "--pdeathsig=TERM"),
        # So that the user can read Python, which may be in the home folder of root.
        *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    ]
    try:
        done = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True)
    except FileNotFoundError:
        return []
    return command if done.returncode == 0 else []
