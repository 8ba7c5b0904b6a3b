"""Whether a candidate is published or kept, and the record of that in the candidate's folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector

_FILE = "decision.json"


class Verdict(BaseModel):
    """What the rules say about a candidate.

    ``gain`` is how much better it is than the published detector, as text. ``against`` has a
    sentence for each rule that is against publishing. ``broken`` has a sentence for each sign that
    the detector cannot be right; such a detector is never published.
    """

    model_config = ConfigDict(frozen=True)

    gain: str
    against: tuple[str, ...]
    broken: tuple[str, ...] = ()

    @property
    def why_not(self) -> str:
        """What is against publishing, as one line; empty if nothing is."""
        return "; ".join((*self.broken, *self.against))


class Outcome(NamedTuple):
    """Whether a candidate is published, why although rules are against it, and that as text."""

    publishes: bool
    stated_reason: str | None
    text: str


class Decision(BaseModel):
    """A verdict and its outcome; ``compared_with`` is the version that was published then."""

    model_config = ConfigDict(frozen=True)

    candidate: str
    compared_with: str | None
    verdict: Verdict
    outcome: str
    at: AwareDatetime
    by: str

    @classmethod
    def of(
        cls,
        candidate: PublishedDetector,
        published: PublishedDetector | None,
        verdict: Verdict,
        outcome: Outcome,
        by: str,
    ) -> "Decision":
        """Record what was decided now."""
        return cls(
            candidate=candidate.version,
            compared_with=published.version if published else None,
            verdict=verdict,
            outcome=outcome.text,
            at=datetime.now(UTC),
            by=by,
        )


def outcome_of(verdict: Verdict, *, dry_run: bool, publish_anyway: str) -> Outcome:
    """Decide what happens to a candidate.

    Args:
        dry_run: publish nothing, and say what would happen.
        publish_anyway: a person's reason to publish against the rules; empty if there is none.
    """
    overridden = bool(verdict.against and publish_anyway)
    if verdict.broken or (verdict.against and not overridden):
        return Outcome(False, None, f"kept as a candidate: {verdict.why_not}")
    reason = publish_anyway if overridden else None
    why = f"against the rules ({verdict.why_not}), because {reason}" if reason else verdict.gain
    if dry_run:
        return Outcome(False, None, f"dry run, would be published: {why}")
    return Outcome(True, reason, f"published: {why}")


def write_decision(folder: Path, decision: Decision) -> None:
    """Write ``decision`` into the folder of its candidate, in place of an earlier one."""
    LocalBlobs(folder).write(_FILE, (decision.model_dump_json(indent=2) + "\n").encode())


def read_decision(folder: Path) -> Decision | None:
    """Read the last decision about the candidate in ``folder``; None if none was made.

    Raises:
        BadDetector: the file is damaged.
    """
    file = folder / _FILE
    if not file.is_file():
        return None
    try:
        return Decision.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise BadDetector(
            f"{file} is not a decision ({error.error_count()} fields are wrong); delete it, and "
            "materialise garment_onnx again"
        ) from error
