"""The GroundingDINO labeller, in the maintained implementation of transformers."""

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
    require_all_weights,
)
from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labellers.weight_downloads import checked_weights
from oott_fashion.garments import GARMENTS
from oott_fashion.vision.photos import read_photo

_PROMPTS = tuple(garment.prompt for garment in GARMENTS)
_SEPARATOR = ". "


class GroundingDinoLabeller(DetectionBaseModel):
    """Searches for all garments with one caption, and keeps the best garment of each box.

    A jacket may still get two boxes, from two of the model's queries.
    """

    def __init__(
        self, weights: Path, device: str, on_cpu: bool = False, min_confidence: float = 0.25
    ) -> None:
        """Load the model from ``weights``/grounding_dino; nothing is downloaded.

        Args:
            device: a GPU such as cuda or cuda:1.
            on_cpu: whether to run on the CPU if there is no GPU.
            min_confidence: the minimum confidence of a box, 0..1.

        Raises:
            LabellerUnavailable: there is no GPU, or the weights are missing, damaged or of another
                model.
        """
        self.ontology = garment_ontology()
        self.min_confidence = min_confidence
        with label_extra():
            self.device = device_for("grounding_dino", device, on_cpu, "about half a minute")
            folder = checked_weights("grounding_dino", weights)
            self.model, self.processor = _load(folder)
        self.model.to(self.device).eval()
        max_tokens = self.model.config.max_text_len
        self.token_weights = token_weights(self.processor.tokenizer, _PROMPTS, max_tokens)

    def predict(self, input: str) -> sv.Detections:
        """Find the garments in the photo file ``input``, most confident first.

        Raises:
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        photo = read_photo(Path(input).read_bytes())
        token_confidences, boxes = self._run(photo)
        confidences = token_confidences @ self.token_weights.T
        height, width = photo.shape[:2]
        return best_boxes(confidences, boxes, width, height, self.min_confidence)

    def _run(self, photo: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the model.

        Returns:
            The confidence of each query for each token of the caption, shape (queries, tokens),
            0..1; and the box of each query, shape (queries, 4): centre and size as fractions of
            the photo.
        """
        import torch

        # Without the data format, the height of a photo 3 pixels high is taken for its channels.
        inputs = self.processor(
            images=photo,
            text=_caption(_PROMPTS),
            input_data_format="channels_last",
            return_tensors="pt",
        ).to(self.device)
        with torch.inference_mode():
            output = self.model(**inputs)
        confidences, boxes = output.logits[0].sigmoid(), output.pred_boxes[0]
        return confidences.float().cpu().numpy(), boxes.float().cpu().numpy()


def token_weights(tokenizer: Any, prompts: Sequence[str], max_tokens: int) -> NDArray[np.float32]:
    """Make the matrix that averages token confidences into one confidence per prompt.

    The confidence of a prompt is the mean of its tokens, not the maximum. The token "jacket" fits a
    leather jacket and a windbreaker jacket equally well. Only the word before distinguishes them.

    Returns:
        Shape (prompts, max_tokens); each row sums to 1.

    Raises:
        LabellerUnavailable: the caption has more tokens than the model reads.

    Source: ``PostProcessCocoGrounding`` of IDEA-Research/GroundingDINO.
    """
    caption = _caption(prompts)
    offsets = tokenizer(caption, return_offsets_mapping=True)["offset_mapping"]
    if len(offsets) > max_tokens:
        raise LabellerUnavailable(
            f"the tokenizer splits the {len(prompts)} prompts into {len(offsets)} tokens, but the "
            f"model reads only {max_tokens}; expected the vocabulary that it was trained with"
        )
    weights = np.zeros((len(prompts), max_tokens), dtype=np.float32)
    begin = 0
    for row, prompt in zip(weights, prompts, strict=True):
        end = begin + len(prompt)
        tokens = [i for i, (first, last) in enumerate(offsets) if begin <= first < last <= end]
        row[tokens] = 1 / len(tokens)
        begin = end + len(_SEPARATOR)
    return weights


def _caption(prompts: Sequence[str]) -> str:
    return _SEPARATOR.join(prompts) + "."


def best_boxes(
    confidences: NDArray[np.float32],
    boxes: NDArray[np.float32],
    width: int,
    height: int,
    min_confidence: float,
) -> sv.Detections:
    """Assign each query's box to its best garment, most confident first.

    Args:
        confidences: shape (queries, garments), 0..1.
        boxes: shape (queries, 4): centre and size as fractions of the photo.
        width, height: the size of the photo in pixels.
    """
    class_ids = confidences.argmax(axis=1)
    best = confidences.max(axis=1)
    corners = _corners(boxes, width, height)
    has_area = (corners[:, 2:] > corners[:, :2]).all(axis=1)
    kept = np.flatnonzero((best >= min_confidence) & has_area)
    kept = kept[np.argsort(-best[kept], kind="stable")]
    return sv.Detections(xyxy=corners[kept], confidence=best[kept], class_id=class_ids[kept])


def _corners(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Turn centres and sizes, as fractions of the photo, into corners in pixels, clipped to it."""
    centres, halves = boxes[:, :2], boxes[:, 2:] / 2
    corners = np.clip(np.hstack([centres - halves, centres + halves]), 0, 1)
    sides = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(corners * sides, dtype=np.float32)


# The return type is Any, because the type hints of the library transformers do not declare
# ``to(device)`` of a model and ``tokenizer`` of a processor.
def _load(folder: Path) -> tuple[Any, Any]:
    from safetensors import SafetensorError
    from transformers import GroundingDinoForObjectDetection, GroundingDinoProcessor

    try:
        processor = GroundingDinoProcessor.from_pretrained(folder, local_files_only=True)
        model, loaded = GroundingDinoForObjectDetection.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise LabellerUnavailable(
            f"{folder} is not a GroundingDINO model of transformers: {str(error).splitlines()[0]}"
        ) from error
    require_all_weights(folder / "model.safetensors", loaded["missing_keys"])
    return model, processor
