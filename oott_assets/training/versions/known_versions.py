"""The versions of the detector that are known here: published ones, candidates and damaged ones."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from oott_assets.training.decisions import read_decision
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector
from oott_fashion.stores.model_store import ModelStore, NoDetector
from oott_fashion.stores.publications import Publication

_LIST = "python -m oott_assets.training.versions"

_log = logging.getLogger(__name__)


class UnknownVersion(NoDetector):
    """There is no such version, or the name fits several versions."""


class KnownVersion(NamedTuple):
    """A version in the model store, or a candidate.

    ``detector`` is None if the version is damaged. ``problem`` says what is wrong with it or its
    weights. ``publication`` is the last one. A version that an older OOTT published has none.
    ``decision`` says why a candidate was kept; empty if nothing judged it.
    """

    version: str
    detector: PublishedDetector | None
    problem: str
    is_published: bool
    is_current: bool
    publication: Publication | None
    decision: str = ""

    @property
    def state(self) -> str:
        """Whether it is damaged, current, published or a candidate."""
        if self.detector is None:
            return "damaged"
        if self.is_current:
            return "current"
        return "published" if self.is_published else "candidate"

    def metric(self, data: str, name: str) -> float | None:
        """Read a value from the card; None if it was not measured."""
        metrics = self.detector.card.metrics if self.detector else {}
        return metrics.get(data, {}).get(name)


def known_versions(store: ModelStore, candidates: Path) -> list[KnownVersion]:
    """List the versions in ``store`` and the candidates in ``candidates``, latest first.

    A damaged version, history or pointer does not hide the other versions.
    """
    published = list(_published_in(store))
    versions = {known.version for known in published}
    others = [known for known in _candidates_in(candidates) if known.version not in versions]
    return sorted([*published, *others], key=lambda known: known.version, reverse=True)


def version_named(name: str, known: Sequence[KnownVersion]) -> PublishedDetector:
    """Find a detector by its version, a part of it that fits no other version, or "current".

    Raises:
        UnknownVersion: no version has this name, or several have.
        BadDetector: the version is damaged.
    """
    found = _known_version_named(name, known)
    if found.detector is None:
        raise BadDetector(found.problem)
    return found.detector


def published_version_named(name: str, known: Sequence[KnownVersion]) -> KnownVersion:
    """Find a version in the model store, damaged or not, as ``version_named`` does.

    Raises:
        UnknownVersion: no version has this name, several have, or it is a candidate.
    """
    found = _known_version_named(name, known)
    if not found.is_published:
        raise UnknownVersion(f"{found.version} was never published; publish it instead")
    return found


def _known_version_named(name: str, known: Sequence[KnownVersion]) -> KnownVersion:
    found = [each for each in known if _fits(name, each)]
    if len(found) == 1:
        return found[0]
    if found:
        fitting = ", ".join(each.version for each in found)
        raise UnknownVersion(f"{name} fits several versions: {fitting}; write more of the version")
    raise UnknownVersion(f"there is no version {name}; expected one that {_LIST} lists")


def _fits(name: str, known: KnownVersion) -> bool:
    return known.is_current if name == "current" else bool(name) and name in known.version


def _published_in(store: ModelStore) -> Iterator[KnownVersion]:
    last = {publication.version: publication for publication in _history_of(store)}
    current = _current_version_of(store)
    for version in store.versions():
        detector, problem = _verified(partial(store.detector, version))
        yield KnownVersion(version, detector, problem, True, version == current, last.get(version))


def _candidates_in(folder: Path) -> Iterator[KnownVersion]:
    # The card is written last, so a folder without one has a candidate that is not finished.
    for card in sorted(folder.glob("*/card.json")):
        detector, problem = _verified(partial(PublishedDetector.in_folder, card.parent))
        version = detector.version if detector else card.parent.name
        decision = _decision_in(card.parent)
        yield KnownVersion(version, detector, problem, False, False, None, decision)


def _decision_in(folder: Path) -> str:
    try:
        decision = read_decision(folder)
    except BadDetector as error:
        return str(error)
    return decision.outcome if decision else ""


def _verified(read: Callable[[], PublishedDetector]) -> tuple[PublishedDetector | None, str]:
    """Read a detector; without usable weights it can still be served, but has a problem."""
    detector = None
    try:
        detector = read()
        detector.verified_weights()
    except BadDetector as error:
        return detector, str(error)
    return detector, ""


def _history_of(store: ModelStore) -> list[Publication]:
    try:
        return store.history()
    except BadDetector as error:
        _log.warning("%s", error)
        return []


def _current_version_of(store: ModelStore) -> str | None:
    try:
        return store.latest_version()
    except (BadDetector, NoDetector) as error:
        if store.versions():
            _log.warning("%s", error)
        return None
