"""autodistill's GroundedSAM, loaded from a folder of ours; heavy to import.

Its own constructor looks in ``~/.cache`` alone, downloads what it misses there without a checksum,
takes a GroundingDINO checkpoint without a single weight, and asks a hub for BERT. What it does with
a photo is left as it is.
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

from oott_assets.training.labellers.availability import LabellerUnavailable, refuse_incomplete
from oott_assets.training.labellers.weight_files import BERT_FOLDER, DINO_SWINT_FILE, SAM_FILE

DINO_CONFIG = Path(groundingdino.__file__).parent / "config" / "GroundingDINO_SwinT_OGC.py"

# Which words a box is for is decided by asking for one garment at a time.
_TEXT_THRESHOLD = 0.25


class LocalGroundedSam(GroundedSAM):
    """Boxes from GroundingDINO, one prompt at a time, and a mask from SAM in each.

    Takes and gives what GroundedSAM does: pixels are BGR, class ids count the prompts.
    """

    def __init__(
        self, ontology: CaptionOntology, folder: Path, device: str, box_threshold: float
    ) -> None:
        """Load the models from ``folder``.

        Raises:
            LabellerUnavailable: a checkpoint is not the one of its model.
        """
        self.ontology = ontology
        self.grounding_dino_model = _Dino(folder, device)
        self.sam_predictor = BgrSamPredictor(_sam_of(folder / SAM_FILE).to(device))
        self.box_threshold = box_threshold
        self.text_threshold = _TEXT_THRESHOLD


class _Dino(Model):
    def __init__(self, folder: Path, device: str) -> None:
        self.model = _dino_of(folder, device).eval().to(device)
        self.device = device


class BgrSamPredictor(SamPredictor):
    """SAM for GroundedSAM, which hands it BGR pixels as if they were RGB."""

    def set_image(self, image: NDArray[np.uint8], image_format: str = "BGR") -> None:
        """Look at ``image``, shape (height, width, 3)."""
        super().set_image(image, image_format)


def _dino_of(folder: Path, device: str) -> torch.nn.Module:
    options = SLConfig.fromfile(str(DINO_CONFIG))
    options.device = device
    options.text_encoder_type = str(folder / BERT_FOLDER)
    # These spare memory in training; here they would only run everything with warnings.
    options.use_checkpoint = options.use_transformer_ckpt = False
    model: torch.nn.Module = build_model(options)
    checkpoint = folder / DINO_SWINT_FILE
    with _checkpoint(checkpoint):
        learnt = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
        loaded = model.load_state_dict(clean_state_dict(learnt), strict=False)
    refuse_incomplete(checkpoint, loaded.missing_keys)
    return model


def _sam_of(checkpoint: Path) -> torch.nn.Module:
    with _checkpoint(checkpoint):
        sam: torch.nn.Module = sam_model_registry["vit_h"](checkpoint=str(checkpoint))
    return sam


# What loading a file raises that is no checkpoint, or one of another model.
_FOREIGN = (
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
    except _FOREIGN as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise LabellerUnavailable(
            f"{file} is no checkpoint of its model ({reason}); expected the published one"
        ) from error
