"""Data versions: Dagster compares them to find partitions that are out of date.

The data version of ``garment_onnx`` is the current version of the detector. A version can be
published, or made current again, outside Dagster. Then ``report_current_detector`` records it.
"""

import dagster as dg

from oott_fashion.stores.model_store import ModelStore
from oott_fashion.stores.publications import Publication

DATA_VERSION = "dagster/data_version"

GARMENT_ONNX = dg.AssetKey("garment_onnx")


def report_current_detector(records: dg.DagsterInstance, store: ModelStore) -> str:
    """Record the current version as that of ``garment_onnx``, unless it is; return the version.

    Raises:
        NoDetector: no detector is published.
        BadDetector: ``latest.json`` or the history is damaged.
    """
    version = store.latest_version()
    if _recorded_version(records) != version:
        records.report_runless_asset_event(_published(version, store.history()))
    return version


def made_with(version: str) -> dict[str, str]:
    """Tag a materialisation with the version of ``garment_onnx`` that it was made with.

    Dagster would write the version that was recorded when the step started. That is an earlier one
    if the detector was published since the last record.
    """
    return {f"dagster/input_data_version/{GARMENT_ONNX.to_user_string()}": version}


def _recorded_version(records: dg.DagsterInstance) -> str | None:
    event = records.get_latest_materialization_event(GARMENT_ONNX)
    materialised = event.asset_materialization if event else None
    return (materialised.tags or {}).get(DATA_VERSION) if materialised else None


def _published(version: str, history: list[Publication]) -> dg.AssetMaterialization:
    made_latest = [entry for entry in history if entry.version == version]
    by = made_latest[-1].by if made_latest else "unknown"
    reason = (made_latest[-1].reason if made_latest else None) or "none"
    return dg.AssetMaterialization(
        GARMENT_ONNX,
        description=f"{version} is the current version of the detector now.",
        metadata={"version": version, "published_by": by, "reason": reason},
        tags={DATA_VERSION: version},
    )
