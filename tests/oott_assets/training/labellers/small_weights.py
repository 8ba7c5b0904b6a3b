"""The big labellers' own models with small random weights: their plumbing without their sight."""

import hashlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from groundingdino.models import build_model
from groundingdino.util import inference
from groundingdino.util.slconfig import SLConfig
from PIL import Image
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
from oott_assets.training.labellers.weight_downloads import SUMS
from oott_assets.training.labellers.weight_files import (
    BERT_FOLDER,
    DINO_SWINT_FILE,
    SAM_FILE,
    WEIGHT_FILES,
)
from oott_fashion.garments import GARMENTS

_VOCABULARY_LINES = 1_100
# GroundingDINO's code knows these ids of BERT's vocabulary by heart.
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


def list_sums(folder: Path) -> None:
    """Write the SHA256SUMS of all files in ``folder``, as its owner would."""
    files = sorted(it for it in folder.rglob("*") if it.is_file() and it.name != SUMS)
    sums = (hashlib.sha256(it.read_bytes()).hexdigest() for it in files)
    lines = (f"{sha}  {it.relative_to(folder)}\n" for sha, it in zip(sums, files, strict=True))
    (folder / SUMS).write_text("".join(lines))


def linked(folder: Path, other: Path, without: str) -> Path:
    """Link ``folder`` to ``other``, and tell where its file ``without`` would be, which is not."""
    shutil.copytree(folder, other, copy_function=os.link)
    (other / without).unlink()
    return other / without


def write_photo(file: Path, width: int, height: int) -> str:
    """Write a photo of noise, and tell its name."""
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return str(file)


@contextmanager
def no_network() -> Iterator[None]:
    """Fail if anyone connects or asks for an address, even where the refusal is swallowed.

    Threads that other tests have left, as clients of object stores do, may go on asking.
    """
    asked: list[object] = []
    others = {*threading.enumerate()} - {threading.current_thread()}

    def refusing(ask: Callable[..., object]) -> Callable[..., object]:
        def refuse(*what: object, **more: object) -> object:
            if threading.current_thread() in others:
                return ask(*what, **more)
            asked.append(what[-1])
            raise OSError("no network in this test")

        return refuse

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refusing(socket.socket.connect))
        patch.setattr(socket, "getaddrinfo", refusing(socket.getaddrinfo))
        yield
    assert asked == []


def write_grounding_dino(folder: Path) -> None:
    """Write GroundingDINO as transformers keeps it, of a fraction of a megabyte."""
    torch.manual_seed(1)
    _write_vocabulary(folder)
    # A configuration of BERT tells AutoTokenizer whose vocabulary it is; the model's replaces it.
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
    eyes = GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 160})
    GroundingDinoProcessor(eyes, tokenizer).save_pretrained(folder)
    _keep_what_is_fetched(folder, "grounding_dino")
    list_sums(folder)


def write_grounded_sam(folder: Path) -> None:
    """Write BERT, GroundingDINO and SAM; ``small_grounded_sam`` makes them readable."""
    torch.manual_seed(2)
    bert = folder / BERT_FOLDER
    bert.mkdir(parents=True)
    _write_vocabulary(bert)
    BertModel(BertConfig(**_SMALL_BERT)).save_pretrained(bert)
    options = SLConfig.fromfile(str(local_grounded_sam.DINO_CONFIG))
    options.device, options.text_encoder_type = "cpu", str(bert)
    learnt = {f"module.{key}": it for key, it in build_model(options).state_dict().items()}
    torch.save({"model": learnt}, folder / DINO_SWINT_FILE)
    sam = _small_sam()
    for weight in sam.parameters():
        # As PyTorch begins them, every mask is the whole photo.
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.2)
    torch.save(sam.state_dict(), folder / SAM_FILE)
    _keep_what_is_fetched(folder, "grounded_sam")
    list_sums(folder)


@contextmanager
def small_grounded_sam(folder: Path) -> Iterator[None]:
    """Let GroundedSAM's loaders build models of the size that ``write_grounded_sam`` writes."""
    published = local_grounded_sam.DINO_CONFIG.read_text()
    small = folder / "small_dino.py"
    layers = "enc_layers = 1\ndec_layers = 1\ndim_feedforward = 64\nnum_queries = 4\n"
    small.write_text(published + layers)
    resize = inference.T.RandomResize
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_grounded_sam, "DINO_CONFIG", small)
        patch.setitem(sam_model_registry, "vit_h", _small_sam)
        # 800 pixels are fixed in its code.
        patch.setattr(inference.T, "RandomResize", lambda *_, **__: resize([64], max_size=96))
        yield


def _keep_what_is_fetched(folder: Path, labeller: str) -> None:
    fetched = {folder / file.name for file in WEIGHT_FILES[labeller]}
    for file in folder.rglob("*"):
        if file.is_file() and file not in fetched:
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
    words = {word for it in GARMENTS for word in it.prompt.replace("-", " - ").split()}
    lines = [f"[unused{line}]" for line in range(_VOCABULARY_LINES)]
    named = dict(enumerate(sorted(words), _FIRST_WORD)) | _SPECIAL | _MARKS
    for line, token in named.items():
        lines[line] = token
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n")
