"""Publish a candidate by hand: ``python -m oott_assets.training.publish [CANDIDATE]``.

Without CANDIDATE it lists the candidates, latest first. With ``--to FOLDER`` it copies the
candidate to FOLDER, which can then be the starter detector, as ``models/starter-detector`` is.
"""

import argparse
import getpass
import logging
import sys
from pathlib import Path

from oott_assets.training.settings import TrainingSettings
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import (
    BadDetector,
    ModelStore,
    PublishedDetector,
    read_card,
)

_log = logging.getLogger(__name__)


def candidates(settings: TrainingSettings) -> list[PublishedDetector]:
    """Find and verify the candidates, latest first; damaged ones are logged and left out."""
    found = []
    for card in sorted((settings.training_root / "candidates").glob("*/card.json")):
        try:
            found.append(candidate_in(card.parent))
        except BadDetector as error:
            _log.warning("%s", error)
    return sorted(found, key=lambda candidate: candidate.version, reverse=True)


def candidate_in(folder: Path) -> PublishedDetector:
    """Verify the candidate in ``folder``.

    Raises:
        BadDetector: the folder has no candidate, or the candidate is damaged.
    """
    return PublishedDetector.verified(folder / "detector.onnx", read_card(folder / "card.json"))


def main() -> None:
    """Read the command line, and list or publish candidates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidate", nargs="?", help="version of a candidate, or its folder")
    parser.add_argument("--to", type=Path, help="folder to copy it to, instead of publishing")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _run(read_settings(TrainingSettings), arguments.candidate, arguments.to)
    except (BadDetector, BadSetting, OSError) as error:
        sys.exit(f"publish: {error}")


def _run(settings: TrainingSettings, name: str | None, to: Path | None) -> None:
    found = candidates(settings)
    if name is None:
        for candidate in found:
            measured = candidate.card.metrics["main_data"]["mAP50"]
            _log.info("%s  mAP50 %.3f  %s", candidate.version, measured, candidate.onnx.parent)
        return
    by_version = {candidate.version: candidate for candidate in found}
    chosen = by_version.get(name) or candidate_in(Path(name))
    if to is None:
        ModelStore(settings.model_store_root).publish(
            chosen.onnx,
            chosen.card,
            by=f"user {getpass.getuser()}",
            weights=chosen.verified_weights(),
        )
        return
    copied = LocalBlobs(to)
    copied.write("detector.onnx", chosen.onnx.read_bytes())
    if weights := chosen.verified_weights():
        copied.write("weights.pt", weights.read_bytes())
    copied.write("card.json", (chosen.onnx.parent / "card.json").read_bytes())


if __name__ == "__main__":
    main()
