"""autodistill's GroundedSAM, loaded from a local folder; importing it is slow.

Its own constructor reads only ``~/.cache``, downloads missing files without a checksum, accepts a
GroundingDINO checkpoint without weights, and downloads BERT from a hub. Only the loading is
replaced here; the predictions are unchanged.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import groundingdino
import numpy as np
import torch
from autodistill.detection import CaptionOntology
from autodistill_grounded_sam import GroundedSAM
from groundingdino.models import build_model
from groundingdino.util.inference import Model
from groundingdino.util.misc import clean_state_dict
from groundingdino.util.slconfig import SLConfig
from numpy.typing import NDArray
from segment_anything import SamPredictor, sam_model_registry

from oott_assets.training.labellers.availability import LabellerUnavailable, require_all_weights
from oott_assets.training.labellers.weight_files import BERT_FOLDER, DINO_SWINT_FILE, SAM_FILE

DINO_CONFIG = Path(groundingdino.__file__).parent / "config" / "GroundingDINO_SwinT_OGC.py"

# This threshold has no effect on the garment of a box: each prompt names only one garment.
_TEXT_THRESHOLD = 0.25


class LocalGroundedSam(GroundedSAM):
    """Finds boxes with GroundingDINO, one prompt at a time, and a mask in each box with SAM.

    Input and output are those of GroundedSAM: pixels are BGR, class ids count the prompts.
    """

    def __init__(
        self, ontology: CaptionOntology, folder: Path, device: str, box_threshold: float
    ) -> None:
        """Load the models from ``folder``.

        Raises:
            LabellerUnavailable: a checkpoint belongs to another model.
        """
        self.ontology = ontology
        self.grounding_dino_model = _Dino(folder, device)
        self.sam_predictor = BgrSamPredictor(_load_sam(folder / SAM_FILE).to(device))
        self.box_threshold = box_threshold
        self.text_threshold = _TEXT_THRESHOLD


class _Dino(Model):
    def __init__(self, folder: Path, device: str) -> None:
        self.model = _load_dino(folder, device).eval().to(device)
        self.device = device


class BgrSamPredictor(SamPredictor):
    """SAM with BGR input: GroundedSAM passes BGR pixels, and calls them RGB."""

    def set_image(self, image: NDArray[np.uint8], image_format: str = "BGR") -> None:
        """Encode ``image``, shape (height, width, 3)."""
        super().set_image(image, image_format)


def _load_dino(folder: Path, device: str) -> torch.nn.Module:
    options = SLConfig.fromfile(str(DINO_CONFIG))
    options.device = device
    options.text_encoder_type = str(folder / BERT_FOLDER)
    # These options save memory in training. At inference they only cause warnings.
    options.use_checkpoint = options.use_transformer_ckpt = False
    model: torch.nn.Module = build_model(options)
    checkpoint = folder / DINO_SWINT_FILE
    with _checkpoint(checkpoint):
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
        loaded = model.load_state_dict(clean_state_dict(weights), strict=False)
    require_all_weights(checkpoint, loaded.missing_keys)
    return model


def _load_sam(checkpoint: Path) -> torch.nn.Module:
    with _checkpoint(checkpoint):
        sam: torch.nn.Module = sam_model_registry["vit_h"](checkpoint=str(checkpoint))
    return sam


# Loading raises these errors if a file is not a checkpoint, or is a checkpoint of another model.
_LOADING_ERRORS = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    pickle.UnpicklingError,
)


@contextmanager
def _checkpoint(file: Path) -> Iterator[None]:
    try:
        yield
    except _LOADING_ERRORS as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise LabellerUnavailable(
            f"{file} is not a checkpoint of its model ({reason}); expected the published file"
        ) from error
