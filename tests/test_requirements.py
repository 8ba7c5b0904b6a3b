"""Tests the lock files: which packages they contain, and that they agree."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.locked_packages import locked


def test_the_service_gets_the_same_versions_as_the_pipeline() -> None:
    assert locked("service").items() <= locked("base").items()


def test_the_service_with_openvino_gets_the_same_versions_but_not_deepsparse() -> None:
    with_openvino = locked("service-openvino")

    assert with_openvino.items() <= locked("test").items()
    assert "openvino" in with_openvino
    assert "deepsparse" not in with_openvino


def test_the_service_gets_what_the_project_depends_on_without_an_extra() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    direct = {re.split(r"[<=>~]", needed)[0] for needed in project["dependencies"]}

    assert direct <= locked("service").keys()


@pytest.mark.parametrize(
    "package", ["dagster", "pyarrow", "scipy", "selenium", "torch", "ultralytics"]
)
def test_the_service_gets_no_package_of_the_pipeline(package: str) -> None:
    assert package in locked("test")
    assert package not in locked("service")
