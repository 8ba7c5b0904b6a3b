"""The weight files of the large labellers: their URLs, sizes and SHA-256 sums.

Sizes are in bytes. At least three unrelated public projects state each SHA-256 for the file at its
URL (looked up in November 2026). None was computed from our own download.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class WeightFile(NamedTuple):
    """A weight file: its name in the labeller's folder, its URL, and its expected content."""

    name: str
    url: str
    size: int
    sha256: str


def _files(table: str, url: str, folder: str = "") -> Iterator[WeightFile]:
    for line in table.split("\n")[1:-1]:
        sha256, size, name = line.split()
        yield WeightFile(folder + name, f"{url}/{name}", int(size), sha256)


_HUB = "https://huggingface.co"
_DINO_TINY = (
    f"{_HUB}/IDEA-Research/grounding-dino-tiny/resolve/a2bb814dd30d776dcf7e30523b00659f4f141c71"
)
_DINO_TINY_FILES = """
eec82c5ab66e16df12a9a212e68ac011779927c2536cf9078658e35d85f0c67a 1644 config.json
8454179ba95e2ad22947835aad7b45862a601fc0055ab88bf1ee70892d3aea60 457 preprocessor_config.json
d40ab645b68211910b9170d22433d43186a6ec8ee6fd10ba170524b25bf4fb56 1237 tokenizer_config.json
d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66 711396 tokenizer.json
1a2412ef99bd74bcd3c2a246fa1e48581f8889a1300c9051974741314fc042f3 689359096 model.safetensors
"""

_DINO_SWINT = "https://github.com/IDEA-Research/GroundingDINO/releases/download/v0.1.0-alpha"
DINO_SWINT_FILE = "groundingdino_swint_ogc.pth"
_DINO_SWINT_FILES = f"""
3b3ca2563c77c69f651d7bd133e97139c186df06231157a64c507099c52bc799 693997677 {DINO_SWINT_FILE}
"""

_BERT = f"{_HUB}/google-bert/bert-base-uncased/resolve/86b5e0934494bd15c9632b12f734a8a67f723594"
BERT_FOLDER = "bert-base-uncased"
_BERT_FILES = """
7160e1553ad2ca51d8c1cb066be533db31826e12d173824c1bb0cb1a4f187d20 570 config.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3 231508 vocab.txt
68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3 440449768 model.safetensors
"""

_SAM = "https://dl.fbaipublicfiles.com/segment_anything"
SAM_FILE = "sam_vit_h_4b8939.pth"
_SAM_FILES = f"""
a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e 2564550879 {SAM_FILE}
"""

# GroundingDINO's configuration is not downloaded: it is Python code that its loader runs. The copy
# in the installed package is used instead.
WEIGHT_FILES: Mapping[str, tuple[WeightFile, ...]] = {
    "grounded_sam": (
        *_files(_BERT_FILES, _BERT, f"{BERT_FOLDER}/"),
        *_files(_DINO_SWINT_FILES, _DINO_SWINT),
        *_files(_SAM_FILES, _SAM),
    ),
    "grounding_dino": tuple(_files(_DINO_TINY_FILES, _DINO_TINY)),
}
