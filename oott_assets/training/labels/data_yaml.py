"""Reads the ``data.yaml`` of a YOLO data set: its class names and its folders."""

import os
import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from oott_assets.photos.sources.photo_files import UnreadableFile, shortened
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.labelled_photos import Split
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    SplitFolder,
    read_text,
)
from oott_fashion.garments import GARMENT_NAMES

_KEYS: dict[Split, tuple[str, ...]] = {"train": ("train",), "valid": ("val", "valid")}


def yolo_data_set(data_yaml: Path, findings: Findings) -> DataSet:
    """Find the train and valid folders of the data set that ``data_yaml`` describes."""
    content = _content(data_yaml, findings)
    folders: list[SplitFolder] = []
    names: object = None
    if content is not None:
        names = content.get("names")
        problem = _problem_with_names(names)
        if problem is not None:
            findings.add_problem(data_yaml, problem)
        folders = [
            folder
            for split in _KEYS
            for entry in _entries(split, content, data_yaml, findings)
            for folder in _split_folder(split, entry, content, data_yaml, findings)
        ]
        _require_different_folders(folders, data_yaml, findings)
        if content.get("test"):
            findings.add_remark(
                data_yaml, "test is ignored; OOTT trains on train and measures on valid"
            )
    return DataSet(_named_by_class_id(names), tuple(dict.fromkeys(folders)))


def _content(data_yaml: Path, findings: Findings) -> dict[object, object] | None:
    try:
        # The base loader reads every value as a string. Otherwise a path or name such as "on"
        # would become a boolean.
        content = yaml.load(read_text(data_yaml), Loader=yaml.BaseLoader)
    except UnreadableFile as error:
        findings.add_problem(data_yaml, str(error))
    except (yaml.YAMLError, RecursionError) as error:
        findings.add_problem(data_yaml, f"is not valid YAML: {' '.join(str(error).split())}")
    else:
        if isinstance(content, dict):
            return content
        findings.add_problem(data_yaml, "is not a YAML mapping; expected names, train and val")
    return None


def _named_by_class_id(names: object) -> dict[str, str]:
    """Give the names by class id. Wrong ones too, so that the label files can be checked."""
    if isinstance(names, dict):
        return {str(class_id): str(name) for class_id, name in names.items()}
    given = names if isinstance(names, list) and names else GARMENT_NAMES
    return {str(class_id): str(name) for class_id, name in enumerate(given)}


def _problem_with_names(names: object) -> str | None:
    """Describe what is wrong with the class names, if anything."""
    if isinstance(names, dict):
        names = [names.get(str(class_id)) for class_id in range(len(names))]
    if not isinstance(names, list):
        return f"names is not a list; expected OOTT's {len(GARMENT_NAMES)} garments by class id"
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
                "change names and class ids to OOTT's order"
            )
    return None


def _entries(
    split: Split, content: Mapping[object, object], data_yaml: Path, findings: Findings
) -> list[object]:
    keys = _KEYS[split]
    entry = next((content[key] for key in keys if content.get(key)), None)
    if entry is None:
        findings.add_problem(
            data_yaml,
            f"has no {keys[0]}; expected train and val, each the path of a photo folder",
        )
        return []
    return entry if isinstance(entry, list) else [entry]


def _split_folder(
    split: Split,
    entry: object,
    content: Mapping[object, object],
    data_yaml: Path,
    findings: Findings,
) -> Iterator[SplitFolder]:
    """Find the folder of ``entry``; without one, add a problem to ``findings``."""
    key = _KEYS[split][0]
    if not isinstance(entry, str):
        findings.add_problem(data_yaml, f"{key} is not a path; expected the path of a photo folder")
        return
    candidates = list(_candidates(entry, content.get("path"), data_yaml.parent))
    images = next(filter(os.path.isdir, candidates), None)
    if images is None:
        problem = "a file; expected the path of a photo folder"
        if not any(map(os.path.isfile, candidates)):
            problem = (
                "but there is no such folder under path or next to "
                f"{data_yaml.name}; correct the path"
            )
        findings.add_problem(data_yaml, f"{key} is {entry!r}, {problem}")
        return
    if os.path.isdir(images / "images"):
        images = images / "images"
    labels = _labels_beside(images)
    if labels is None:
        findings.add_problem(
            data_yaml,
            f"{key} is {entry!r}; expected a folder named images, with a folder labels next to it",
        )
        return
    yield SplitFolder(images, labels, split)


def _candidates(entry: str, path: object, folder: Path) -> Iterator[Path]:
    """List possible folders of ``entry``; ``path`` may belong to another machine."""
    bases = [folder / path, folder] if isinstance(path, str) else [folder]
    # Roboflow writes ../train/images for the folder train/images next to data.yaml.
    for spelling in (entry, entry.removeprefix("../")):
        yield from (Path(os.path.abspath(base / spelling)) for base in bases)


def _labels_beside(images: Path) -> Path | None:
    """Find the labels as Ultralytics does: the last "images" of the path becomes "labels"."""
    parts = images.parts
    if "images" not in parts:
        return None
    last = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:last], "labels", *parts[last + 1 :])


def _require_different_folders(
    folders: list[SplitFolder], data_yaml: Path, findings: Findings
) -> None:
    of_split = {
        split: {folder.images for folder in folders if folder.split == split} for split in _KEYS
    }
    for images in sorted(of_split["train"] & of_split["valid"]):
        findings.add_problem(
            data_yaml,
            f"train and val are both {findings.name_of(images)}; expected two different folders",
        )
