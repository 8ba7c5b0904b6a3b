"""What the ``data.yaml`` of a YOLO data set says: the names of its classes, and its folders."""

import os
import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from oott_assets.training.labels.findings import Findings, shortened
from oott_assets.training.labels.labelled_photos import Split
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    SplitFolder,
    UnreadableFile,
    text_of,
)
from oott_fashion.garments import GARMENT_NAMES

_KEYS: dict[Split, tuple[str, ...]] = {"train": ("train",), "valid": ("val", "valid")}


def yolo_data_set(page: Path, findings: Findings) -> DataSet:
    """Find the train and valid folders of the data set that ``page`` describes."""
    said = _said_on(page, findings)
    folders: list[SplitFolder] = []
    if said is not None:
        fault = _fault_of_names(said.get("names"))
        if fault is not None:
            findings.problem(page, fault)
        folders = [
            folder
            for split in _KEYS
            for entry in _entries(split, said, page, findings)
            for folder in _split_folder(split, entry, said, page, findings)
        ]
        _refuse_one_for_both(folders, page, findings)
        if said.get("test"):
            findings.remark(page, "test is not read; OOTT trains on train and measures on valid")
    garments = {str(class_id): name for class_id, name in enumerate(GARMENT_NAMES)}
    return DataSet("YOLO data set", garments, tuple(dict.fromkeys(folders)))


def _said_on(page: Path, findings: Findings) -> dict[object, object] | None:
    try:
        # The base loader leaves every word a string: a path or name such as "on" is no boolean.
        said = yaml.load(text_of(page), Loader=yaml.BaseLoader)
    except UnreadableFile as error:
        findings.problem(page, str(error))
    except (yaml.YAMLError, RecursionError) as error:
        findings.problem(page, f"is no YAML: {' '.join(str(error).split())}")
    else:
        if isinstance(said, dict):
            return said
        findings.problem(page, "is no YAML mapping; expected names, train and val")
    return None


def _fault_of_names(names: object) -> str | None:
    """Say what is wrong with the names of the classes, in one sentence."""
    if isinstance(names, dict):
        names = [names.get(str(class_id)) for class_id in range(len(names))]
    if not isinstance(names, list):
        return f"names is no list; expected OOTT's {len(GARMENT_NAMES)} garments by class id"
    if len(names) != len(GARMENT_NAMES):
        found = [name for name in names if isinstance(name, str)]
        missing = [name for name in GARMENT_NAMES if name not in found]
        unknown = [name for name in found if name not in GARMENT_NAMES]
        return (
            f"names has {len(names)} classes; expected OOTT's {len(GARMENT_NAMES)} garments "
            f"by class id (missing: {shortened(missing)}; unknown: {shortened(unknown)})"
        )
    for class_id, (name, garment) in enumerate(zip(names, GARMENT_NAMES, strict=True)):
        if name != garment:
            return (
                f"names has {reprlib.repr(name)} as class {class_id}; expected {garment!r}: "
                "bring names and class ids into OOTT's order"
            )
    return None


def _entries(
    split: Split, said: Mapping[object, object], page: Path, findings: Findings
) -> list[object]:
    keys = _KEYS[split]
    entry = next((said[key] for key in keys if said.get(key)), None)
    if entry is None:
        findings.problem(
            page,
            f"has no {keys[0]}; expected train and val, each the path of a folder of photos",
        )
        return []
    return entry if isinstance(entry, list) else [entry]


def _split_folder(
    split: Split, entry: object, said: Mapping[object, object], page: Path, findings: Findings
) -> Iterator[SplitFolder]:
    """Find the folders that ``entry`` means, or say that there are none."""
    key = _KEYS[split][0]
    if not isinstance(entry, str):
        findings.problem(page, f"{key} is no path; expected that of a folder of photos")
        return
    images = next(filter(os.path.isdir, _places(entry, said.get("path"), page.parent)), None)
    if images is None:
        findings.problem(
            page, f"{key} is {entry!r}, no folder under path or beside {page.name}; correct it"
        )
        return
    if os.path.isdir(images / "images"):
        images = images / "images"
    labels = _labels_beside(images)
    if labels is None:
        findings.problem(page, f"{key} is {entry!r}; expected a folder images, with labels beside")
        return
    yield SplitFolder(images, labels, split)


def _places(entry: str, path: object, folder: Path) -> Iterator[Path]:
    """List where ``entry`` may lie; ``path`` may be that of the machine it was written on."""
    bases = [folder / path, folder] if isinstance(path, str) else [folder]
    # Roboflow writes ../train/images for the train/images beside data.yaml.
    for spelling in (entry, entry.removeprefix("../")):
        yield from (Path(os.path.abspath(base / spelling)) for base in bases)


def _labels_beside(images: Path) -> Path | None:
    """Name the labels of ``images``, as Ultralytics does: the last images is labels."""
    parts = images.parts
    if "images" not in parts:
        return None
    last = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:last], "labels", *parts[last + 1 :])


def _refuse_one_for_both(folders: list[SplitFolder], page: Path, findings: Findings) -> None:
    of_split = {
        split: {folder.images for folder in folders if folder.split == split} for split in _KEYS
    }
    for images in sorted(of_split["train"] & of_split["valid"]):
        findings.problem(
            page, f"train and val are both {findings.name_of(images)}; expected a folder each"
        )
