import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.partitions import month_by_destination, parse_partition_key, partition_key
from oott_assets.photos.settings import PhotoSettings
from oott_fashion.destinations import UnknownPlace

HEAVY = (
    "torch",
    "ultralytics",
    "autodistill",
    "selenium",
    "deepsparse",
    "openvino",
    "onnxruntime",
    "bentoml",
)


def test_definitions_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(defs)


def test_loading_definitions_imports_no_heavy_package() -> None:
    program = f"""
import sys
import oott_assets.definitions
print([name for name in {HEAVY} if name in sys.modules])
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"


def test_a_partition_key_contains_destination_and_month() -> None:
    partition = parse_partition_key("hongdae|2026-09")

    assert partition.destination.name == "홍대"
    assert str(partition.month) == "2026-09-01"
    assert partition_key("hongdae", partition.month) == "hongdae|2026-09"


def test_a_month_that_is_not_over_has_no_partition_yet() -> None:
    this_month = datetime.now(ZoneInfo("Asia/Seoul")).date().replace(day=1)

    assert not month_by_destination.has_partition_key(partition_key("hongdae", this_month))


@pytest.mark.parametrize("key", ["hongdae", "hongdae|september", "hongdae|2026-13", "a|b|c", ""])
def test_a_key_without_a_month_is_rejected(key: str) -> None:
    with pytest.raises(ValueError, match=r"expected DESTINATION\|YYYY-MM"):
        parse_partition_key(key)


@pytest.mark.parametrize("key", ["atlantis|2026-09", "seaside|2026-09"])
def test_a_key_without_a_destination_is_rejected(key: str) -> None:
    with pytest.raises(UnknownPlace, match="is not a destination; expected one of hongdae"):
        parse_partition_key(key)


def test_every_field_of_every_resource_has_a_description() -> None:
    undescribed = [
        f"{name}.{field_name}"
        for name, resource in configured_resources().items()
        for field_name, field in type(resource).model_fields.items()
        if not field.description
    ]

    assert undescribed == []


def test_the_launchpad_and_the_docs_explain_a_setting_in_the_same_words() -> None:
    job = defs.resolve_job_def("monthly_trends_job")
    fields = job.resource_defs["photo_store"].config_schema.config_type.fields  # type: ignore[union-attr]

    assert fields["hide_faces"].description == (
        f"OOTT_HIDE_FACES: {PhotoSettings.model_fields['hide_faces'].description}"
    )


def test_no_resource_config_has_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")
    monkeypatch.setenv("OOTT_GRAPH_TOKEN", "s3cret")
    monkeypatch.setenv("OOTT_INSTAGRAM_PASSWORD", "s3cret")

    configs = [resource.model_dump() for resource in configured_resources().values()]

    assert "s3cret" not in str(configs)
