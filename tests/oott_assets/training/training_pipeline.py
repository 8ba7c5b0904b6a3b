"""The training pipeline with its own store, run as Dagster runs it."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.training_store import TrainingStore
from oott_fashion.settings import read_settings
from tests.oott_assets.training.starter_weights import starter_weights


class TrainingPipeline:
    """Materialises assets into the stores of the current settings."""

    def run(
        self,
        *assets: str,
        config: Mapping[str, object] | None = None,
        records: dg.DagsterInstance | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run ``assets``, or the whole pipeline, as a person does in the Dagster UI."""
        job = defs.resolve_job_def("training_job")
        if assets:
            job = job.get_subset(op_selection=list(assets))
        return job.execute_in_process(
            resources=configured_resources(),
            instance=records,
            raise_on_error=False,
            run_config={
                "loggers": {"console": {"config": {"log_level": "WARNING"}}},
                **({"ops": config} if config else {}),
            },
        )

    def photos(self, name: str) -> list[LabelledPhoto]:
        return self.store.photos(name)

    @property
    def store(self) -> TrainingStore:
        return TrainingStore(root=str(read_settings(TrainingSettings).training_root))


@pytest.fixture
def training_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingPipeline:
    """An empty pipeline, without a published detector."""
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "ultralytics"))
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(tmp_path / "no-starter"))
    monkeypatch.setenv("OOTT_ENGINE", "onnxruntime")
    monkeypatch.setenv("OOTT_IMAGE_SIDE", "64")
    monkeypatch.setenv("OOTT_EPOCHS", "1")
    monkeypatch.setenv("OOTT_DRAWN_PHOTOS", "0")
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "scratch")
    return TrainingPipeline()


def weights_that_find_nothing(file: Path) -> Path:
    """Write the starter's weights with confidences so low that it finds no garments."""
    import torch

    starter_weights(file)
    checkpoint = torch.load(file, weights_only=False)
    for branch in checkpoint["model"].model[-1].cv3:
        branch[-1].weight.data *= 0.6
    torch.save(checkpoint, file)
    return file
