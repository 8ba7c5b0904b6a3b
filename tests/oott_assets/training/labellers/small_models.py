"""Small random models of the large labellers. Importing it takes seconds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import torch
from groundingdino.models import build_model
from groundingdino.util import inference
from groundingdino.util.slconfig import SLConfig
from segment_anything import sam_model_registry
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertModel,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    SwinConfig,
)

from oott_assets.training.labellers import local_grounded_sam
from oott_assets.training.labellers.weight_files import (
    BERT_FOLDER,
    DINO_SWINT_FILE,
    SAM_FILE,
    WEIGHT_FILES,
)
from oott_fashion.garments import GARMENTS
from tests.oott_assets.training.labellers.small_weights import list_sums

_VOCABULARY_LINES = 1_100
# GroundingDINO's code has these ids of BERT's vocabulary hard-coded.
_SPECIAL = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
_MARKS = {1012: ".", 1029: "?"}
_FIRST_WORD = 200
_SMALL_BERT = {
    "vocab_size": _VOCABULARY_LINES,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
_SAM_SIDE = 128


def write_grounding_dino(folder: Path) -> None:
    """Write a small GroundingDINO model in the format of transformers."""
    torch.manual_seed(1)
    _write_vocabulary(folder)
    # AutoTokenizer needs a configuration of BERT; the model's configuration replaces it later.
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    swin = SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 1, 1],
        window_size=4,
        out_indices=[2, 3, 4],
    )
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=dict(_SMALL_BERT),
        num_queries=20,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        d_model=32,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 160})
    GroundingDinoProcessor(images, tokenizer).save_pretrained(folder)
    _keep_downloaded_files(folder, "grounding_dino")
    list_sums(folder)


def write_grounded_sam(folder: Path) -> None:
    """Write small BERT, GroundingDINO and SAM models; ``small_grounded_sam`` can load them."""
    torch.manual_seed(2)
    bert = folder / BERT_FOLDER
    bert.mkdir(parents=True)
    _write_vocabulary(bert)
    BertModel(BertConfig(**_SMALL_BERT)).save_pretrained(bert)
    options = SLConfig.fromfile(str(local_grounded_sam.DINO_CONFIG))
    options.device, options.text_encoder_type = "cpu", str(bert)
    state = build_model(options).state_dict()
    weights = {f"module.{name}": weight for name, weight in state.items()}
    torch.save({"model": weights}, folder / DINO_SWINT_FILE)
    sam = _small_sam()
    for weight in sam.parameters():
        # With PyTorch's initial weights, every mask is the whole photo.
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.2)
    torch.save(sam.state_dict(), folder / SAM_FILE)
    _keep_downloaded_files(folder, "grounded_sam")
    list_sums(folder)


@contextmanager
def small_grounded_sam(folder: Path) -> Iterator[None]:
    """Make GroundedSAM's loaders build models of the size that ``write_grounded_sam`` writes."""
    published = local_grounded_sam.DINO_CONFIG.read_text()
    small = folder / "small_dino.py"
    layers = "enc_layers = 1\ndec_layers = 1\ndim_feedforward = 64\nnum_queries = 4\n"
    small.write_text(published + layers)
    resize = inference.T.RandomResize
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_grounded_sam, "DINO_CONFIG", small)
        patch.setitem(sam_model_registry, "vit_h", _small_sam)
        # GroundingDINO's code has 800 pixels hard-coded.
        patch.setattr(inference.T, "RandomResize", lambda *_, **__: resize([64], max_size=96))
        yield


def _keep_downloaded_files(folder: Path, labeller: str) -> None:
    downloaded = {folder / file.name for file in WEIGHT_FILES[labeller]}
    for file in folder.rglob("*"):
        if file.is_file() and file not in downloaded:
            file.unlink()


def _small_sam(checkpoint: str | None = None) -> Sam:
    embedded = _SAM_SIDE // 16
    sam = Sam(
        image_encoder=ImageEncoderViT(
            depth=1,
            embed_dim=16,
            img_size=_SAM_SIDE,
            num_heads=2,
            out_chans=32,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        ),
        prompt_encoder=PromptEncoder(
            embed_dim=32,
            image_embedding_size=(embedded, embedded),
            input_image_size=(_SAM_SIDE, _SAM_SIDE),
            mask_in_chans=4,
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=1, embedding_dim=32, mlp_dim=32, num_heads=2),
            transformer_dim=32,
        ),
    )
    if checkpoint is not None:
        sam.load_state_dict(torch.load(checkpoint, weights_only=True))
    return sam.eval()


def _write_vocabulary(folder: Path) -> None:
    words = {word for garment in GARMENTS for word in garment.prompt.replace("-", " - ").split()}
    lines = [f"[unused{line}]" for line in range(_VOCABULARY_LINES)]
    named = dict(enumerate(sorted(words), _FIRST_WORD)) | _SPECIAL | _MARKS
    for line, token in named.items():
        lines[line] = token
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n")
