"""GroundingDINO in the implementation kept alive, transformers': boxes in one pass per photo."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray

from oott_assets.training.labellers.availability import (
    LabellerUnavailable,
    device_for,
    label_extra,
    refuse_incomplete,
)
from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labellers.weight_downloads import checked_weights
from oott_fashion.garments import GARMENTS
from oott_fashion.vision.photos import read_photo

_PROMPTS = tuple(garment.prompt for garment in GARMENTS)
_BETWEEN = ". "


class GroundingDinoLabeller(DetectionBaseModel):
    """Asks for all garments in one caption; of each box that is found, the best garment is kept.

    A jacket may still be boxed twice, by two of the model's queries.
    """

    def __init__(
        self, weights: Path, device: str, on_cpu: bool = False, min_confidence: float = 0.25
    ) -> None:
        """Load the model from ``weights``/grounding_dino; nothing is downloaded.

        Args:
            device: a GPU such as cuda or cuda:1.
            on_cpu: whether to go on without one.
            min_confidence: least score of a box, 0..1.

        Raises:
            LabellerUnavailable: no GPU, no weights, damaged ones, or those of another model.
        """
        self.ontology = garment_ontology()
        self.min_confidence = min_confidence
        with label_extra():
            self.device = device_for("grounding_dino", device, on_cpu, "about half a minute")
            folder = checked_weights("grounding_dino", weights)
            self.model, self.processor = _opened(folder)
        self.model.to(self.device).eval()
        max_tokens = self.model.config.max_text_len
        self.token_shares = token_shares(self.processor.tokenizer, _PROMPTS, max_tokens)

    def predict(self, input: str) -> sv.Detections:
        """Box the garments of the photo file ``input``, surest first.

        Raises:
            UnreadablePhoto: it is no photo, or damaged.
        """
        photo = read_photo(Path(input).read_bytes())
        token_scores, shapes = self._seen_in(photo)
        scores = token_scores @ self.token_shares.T
        height, width = photo.shape[:2]
        return best_boxes(scores, shapes, width, height, self.min_confidence)

    def _seen_in(self, photo: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the model.

        Returns:
            How well each query fits each token of the caption, shape (queries, tokens), 0..1; and
            its box, shape (queries, 4): centre and size as shares of the photo.
        """
        import torch

        # A photo of three pixels' height would pass for one with its channels first.
        asked = self.processor(
            images=photo,
            text=_caption(_PROMPTS),
            input_data_format="channels_last",
            return_tensors="pt",
        ).to(self.device)
        with torch.inference_mode():
            answer = self.model(**asked)
        scores, boxes = answer.logits[0].sigmoid(), answer.pred_boxes[0]
        return scores.float().cpu().numpy(), boxes.float().cpu().numpy()


def token_shares(tokenizer: Any, prompts: Sequence[str], max_tokens: int) -> NDArray[np.float32]:
    """Share each prompt's score out among its own tokens in the caption of all ``prompts``.

    The mean, not the maximum: "jacket" alone fits a leather jacket and a windbreaker equally well,
    and only with its first word does the one win over the other.

    Returns:
        Shape (prompts, max_tokens); a row sums to 1.

    Raises:
        LabellerUnavailable: the caption has more tokens than the model reads.

    Source: ``PostProcessCocoGrounding`` of IDEA-Research/GroundingDINO.
    """
    caption = _caption(prompts)
    places = tokenizer(caption, return_offsets_mapping=True)["offset_mapping"]
    if len(places) > max_tokens:
        raise LabellerUnavailable(
            f"the tokenizer cuts the {len(prompts)} prompts into {len(places)} tokens, of which "
            f"the model reads {max_tokens}; expected the vocabulary it was trained with"
        )
    shares = np.zeros((len(prompts), max_tokens), dtype=np.float32)
    begin = 0
    for row, prompt in zip(shares, prompts, strict=True):
        end = begin + len(prompt)
        tokens = [i for i, (first, last) in enumerate(places) if begin <= first < last <= end]
        row[tokens] = 1 / len(tokens)
        begin = end + len(_BETWEEN)
    return shares


def _caption(prompts: Sequence[str]) -> str:
    return _BETWEEN.join(prompts) + "."


def best_boxes(
    scores: NDArray[np.float32],
    shapes: NDArray[np.float32],
    width: int,
    height: int,
    min_confidence: float,
) -> sv.Detections:
    """Give each query's box to its best garment, surest first, within a photo of these pixels.

    Args:
        scores: shape (queries, garments), 0..1.
        shapes: shape (queries, 4): centre and size of a box as shares of the photo.
    """
    class_ids = scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    boxes = _corners(shapes, width, height)
    has_area = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    kept = np.flatnonzero((confidence >= min_confidence) & has_area)
    kept = kept[np.argsort(-confidence[kept], kind="stable")]
    return sv.Detections(xyxy=boxes[kept], confidence=confidence[kept], class_id=class_ids[kept])


def _corners(shapes: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Turn centres and sizes, as shares of the photo, into corners within it, in its pixels."""
    centres, halves = shapes[:, :2], shapes[:, 2:] / 2
    corners = np.clip(np.hstack([centres - halves, centres + halves]), 0, 1)
    sides = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(corners * sides, dtype=np.float32)


# transformers' types know neither a model's ``to(device)`` nor a processor's tokenizer.
def _opened(folder: Path) -> tuple[Any, Any]:
    from safetensors import SafetensorError
    from transformers import GroundingDinoForObjectDetection, GroundingDinoProcessor

    try:
        processor = GroundingDinoProcessor.from_pretrained(folder, local_files_only=True)
        model, loaded = GroundingDinoForObjectDetection.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise LabellerUnavailable(
            f"{folder} does not hold GroundingDINO as transformers keeps it: "
            f"{str(error).splitlines()[0]}"
        ) from error
    refuse_incomplete(folder / "model.safetensors", loaded["missing_keys"])
    return model, processor
