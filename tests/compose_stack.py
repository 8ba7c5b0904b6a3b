"""Starts the services of deploy/compose.yaml one by one, as it says, without a container engine.

Each process has the command, variables, secrets, volumes and user of its service. What containers
would keep apart is changed: paths lead into a temporary folder, host names to this machine, and
ports to free ones. Programs of this machine replace the images of MariaDB and Caddy.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.databases import free_port, make_system_tables, server_command
from tests.locked_packages import without_other_packages
from tests.oott_serving.image import Image, in_image, moved, read_image, start_as
from tests.oott_serving.servers import REPOSITORY, end, stop_with_pytest

_BIN = Path(sys.executable).parent
CADDY = _BIN / "caddy"
_SECONDS = 90
_USER = 10001
_LOCKS = {"deploy/pipeline.Dockerfile": "base", "deploy/Dockerfile": "service"}
# Those of the image of Caddy.
_CADDY_VARIABLES = {"HOME": "/tmp", "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/tmp"}
# The ports on which the containers listen.
_PORTS = {
    "database": (3306,),
    "migrate": (),
    "code": (4000,),
    "daemon": (),
    "webserver": (3000,),
    "viewer": (3000,),
    "proxy": (443, 8443, 80, 2019),
    "service": (5543,),
}
_HOST_AND_PORT = re.compile(rf"\b({'|'.join(_PORTS)})(:|, port: )(\d+)\b")
# Without them, root's Caddy would let this machine trust its certificates.
_CADDY_OPTIONS = """{
    admin localhost:2019
    http_port 80
    https_port 443
    default_bind 127.0.0.1
    skip_install_trust
}
"""


def read_stack(
    folder: Path, settings: Mapping[str, str], logins: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Copy deploy/ to ``folder``, write secrets and settings, and let Docker Compose read it.

    ``logins`` has the line of a person for ``operators`` and for ``viewers``.
    """
    deploy = folder / "deploy"
    ignored = shutil.ignore_patterns("secrets", "settings.env")
    shutil.copytree(REPOSITORY / "deploy", deploy, ignore=ignored)
    subprocess.run([deploy / "make-secrets.sh"], check=True)
    (deploy / "settings.env").write_text("".join(f"{key}={settings[key]}\n" for key in settings))
    for name, line in (logins or {}).items():
        with (deploy / "secrets" / name).open("a") as file:
            file.write(line)
    command = [str(_BIN / "docker-compose"), "config", "--format", "json"]
    done = subprocess.run(command, cwd=deploy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    config: Mapping[str, Any] = json.loads(done.stdout)
    return config


@contextmanager
def compose_stack(config: Mapping[str, Any]) -> Iterator["Stack"]:
    """Prepare the services that Docker Compose read, and stop those that were started."""
    # The folders of pytest have names that are too long for a socket of MariaDB.
    with TemporaryDirectory(prefix="oott-stack-") as root:
        Path(root).chmod(0o755)
        stack = Stack(Path(root), config)
        try:
            yield stack
        finally:
            stack.stop(*reversed(stack.processes))


@dataclass(frozen=True)
class Stack:
    """The services of a compose file; each sees a folder in ``root`` as its files."""

    root: Path
    config: Mapping[str, Any]
    user: Sequence[str] = field(default_factory=lambda: _start_as_user())
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    ports: Mapping[str, Mapping[int, int]] = field(
        default_factory=lambda: {
            service: {port: free_port() for port in ports} for service, ports in _PORTS.items()
        }
    )

    def up(self) -> None:
        """Start every service when those that it depends on are ready; wait until all are."""
        ready: set[str] = set()
        for name in self.config["services"]:
            self._start(name, ready)
        for name in self.config["services"].keys() - ready:
            self._await(name)

    def stop(self, *services: str) -> None:
        for service in services:
            end(self.processes[service])

    def url(self, service: str, port: int) -> str:
        """Give the address of a port of a service on this machine."""
        scheme = "https" if service == "proxy" else "http"
        return f"{scheme}://localhost:{self.ports[service][port]}"

    def files(self, service: str) -> Path:
        """Give the folder that a service sees as its root."""
        return self.root / service

    def volume(self, name: str) -> Path:
        folder = self.root / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            if self.user:
                os.chown(folder, _USER, -1)
        return folder

    def secret(self, name: str) -> str:
        """Read a secret; it leads to the database on this machine."""
        return self._local(Path(self.config["secrets"][name]["file"]).read_text())

    def certificate(self) -> Path:
        """Give the certificate with which Caddy signs those that it makes for localhost."""
        return self.volume("certificates") / "caddy/pki/authorities/local/root.crt"

    def log(self, service: str) -> str:
        return (self.files(service) / "log").read_text(errors="replace")

    def execute(
        self, service: str, command: Sequence[str], source: Path | None, target: Path | None
    ) -> None:
        """Run a command in a service, as ``docker compose exec`` does, from and to a file."""
        files, said = self.files(service), self.config["services"][service]
        local = [re.sub(r"(?<!\S)/(?=(data|run)\b)", f"{files}/", part) for part in command]
        env = self._environment(service, said)
        if service == "database":
            (files / "tmp/.my.cnf").write_text(f"[client]\nsocket={files}/socket\n")
            env["HOME"] = f"{files}/tmp"
        as_user = [] if service == "database" else self.user
        with (
            open(source or os.devnull, "rb") as stdin,
            open(target or os.devnull, "wb") as stdout,
        ):
            subprocess.run(
                [*as_user, *local],
                env=env,
                cwd=files / "app",
                stdin=stdin,
                stdout=stdout,
                check=True,
            )

    def _start(self, name: str, ready: set[str]) -> None:
        if name in self.processes:
            return
        service = self.config["services"][name]
        for needed in service.get("depends_on", ()):
            self._start(needed, ready)
            if needed not in ready:
                self._await(needed)
                ready.add(needed)
        self._make_files(name, service)
        with (self.files(name) / "log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                self._command(name, service), env=self._environment(name, service),
                cwd=self.files(name) / "app",
                stdout=log, stderr=log, preexec_fn=stop_with_pytest,
            )  # fmt: skip

    def _make_files(self, name: str, service: Mapping[str, Any]) -> None:
        """Make the folders, the secrets and the mounted files of a service."""
        files = self.files(name)
        for folder in ("app", "tmp", "run/secrets"):
            (files / folder).mkdir(parents=True)
        if self.user:
            os.chown(files / "tmp", _USER, -1)
        if name == "database":
            make_system_tables(files)
        if image := self._image(service):
            for source, target in image.files.items():
                if (REPOSITORY / source).is_dir():
                    shutil.copytree(REPOSITORY / source, in_image(files, target))
                else:
                    shutil.copy(REPOSITORY / source, in_image(files, target))
        for secret in service.get("secrets", ()):
            in_image(files, secret["target"]).write_text(self.secret(secret["source"]))
        for mount in service["volumes"]:
            place = in_image(files, mount["target"])
            place.parent.mkdir(parents=True, exist_ok=True)
            if mount["type"] == "volume":
                place.symlink_to(self.volume(mount["source"]))
            else:
                place.write_text(self._local(Path(mount["source"]).read_text()))
        if name == "proxy":
            file = files / "etc/caddy/Caddyfile"
            text = (_CADDY_OPTIONS + file.read_text()).replace("/run/", f"{files}/run/")
            file.write_text(self._own_ports(text, name))

    def _command(self, name: str, service: Mapping[str, Any]) -> Sequence[str | Path]:
        files = self.files(name)
        if name == "database":
            first = self._first_statements(service["environment"])
            server = server_command(files, self.ports[name][3306])
            return [*server, *service["command"], f"--init-file={first}"]
        if name == "proxy":
            config = files / "etc/caddy/Caddyfile"
            return [*self.user, CADDY, "run", "--config", config, "--adapter", "caddyfile"]
        image = self._image(service)
        command = service["command"] or (image.command if image else ())
        return [*self.user, *(self._own_ports(part, name) for part in command)]

    def _environment(self, name: str, service: Mapping[str, Any]) -> dict[str, str]:
        files, image = self.files(name), self._image(service)
        said = {**(image.variables if image else _CADDY_VARIABLES), **service["environment"]}
        env = {
            key: moved(value, files).replace("0.0.0.0", "127.0.0.1") for key, value in said.items()
        }
        env |= {"TMPDIR": f"{files}/tmp", "PATH": f"{_BIN}:/usr/bin:/bin"}
        if image:
            # Only the packages that the image has.
            lock = _LOCKS[service["build"]["dockerfile"]]
            hidden = self.root / lock
            if not hidden.exists():
                without_other_packages(lock, hidden)
            env["PYTHONPATH"] = ":".join([str(hidden), *filter(None, [env.get("PYTHONPATH")])])
        if name == "service":
            env["BENTOML_PORT"] = str(self.ports[name][5543])
        return env

    def _await(self, name: str) -> None:
        """Wait until a service is healthy, or has ended if it is one that ends."""
        process = self.processes[name]
        if name == "migrate" and process.wait(_SECONDS) == 0:
            return
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            # Some checks take a second, so first look whether the service listens.
            if all(map(_is_open, self.ports[name].values())) and self._is_healthy(name):
                return
            time.sleep(0.3)
        pytest.fail(f"{name} did not start:\n{self.log(name)[-3000:]}")

    def _is_healthy(self, name: str) -> bool:
        service = self.config["services"][name]
        if name == "database":  # only its image has the script
            return True
        image = self._image(service)
        check = image.health_check if image else None
        if "healthcheck" in service:
            check = service["healthcheck"]["test"][1:]
        assert check
        done = subprocess.run(
            [*self.user, *(self._own_ports(part, name) for part in check)],
            env=self._environment(name, service), cwd=self.files(name) / "app", capture_output=True,
        )  # fmt: skip
        return done.returncode == 0

    def _first_statements(self, environment: Mapping[str, str]) -> Path:
        """Write what the image of MariaDB does when it first starts."""
        files = self.files("database")

        def password(name: str) -> str:
            return in_image(files, environment[f"MARIADB_{name}_FILE"]).read_text()

        database, user = environment["MARIADB_DATABASE"], environment["MARIADB_USER"]
        file = files / "first.sql"
        file.write_text(
            f"CREATE DATABASE {database};\n"
            f"CREATE USER {user}@'%' IDENTIFIED BY '{password('PASSWORD')}';\n"
            f"GRANT ALL ON {database}.* TO {user}@'%';\n"
            f"ALTER USER root@localhost IDENTIFIED BY '{password('ROOT_PASSWORD')}';\n"
        )
        return file

    @staticmethod
    def _image(service: Mapping[str, Any]) -> Image | None:
        """Read the Dockerfile of a service; None if the image is not ours."""
        if "build" not in service:
            return None
        return read_image(Path(service["build"]["dockerfile"]).name)

    def _local(self, text: str) -> str:
        """Let the addresses of services lead to this machine."""

        def on_this_machine(match: re.Match[str]) -> str:
            service, between, port = match.groups()
            return f"127.0.0.1{between}{self.ports[service][int(port)]}"

        return _HOST_AND_PORT.sub(on_this_machine, text)

    def _own_ports(self, text: str, service: str) -> str:
        """Replace the ports of a service, and the address for all networks, by local ones."""
        for port, free in self.ports[service].items():
            text = re.sub(rf"\b{port}\b", str(free), text)
        return text.replace("0.0.0.0", "127.0.0.1")


def _start_as_user() -> Sequence[str]:
    """Give the start of a command that runs as the user of the images.

    It is empty if that is impossible, or if the packages are in a folder that is closed to others:
    Alembic asks with access(2), which knows no capabilities.
    """
    command = start_as(_USER)
    asks = "import os, sys; sys.exit(not os.access(sys.prefix, os.F_OK))"
    return command if subprocess.run([*command, sys.executable, "-c", asks]).returncode == 0 else ()


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
