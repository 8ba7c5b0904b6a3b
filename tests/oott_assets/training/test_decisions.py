"""What happens to a candidate after the rules were asked, and the record of it."""

from pathlib import Path

import pytest

from oott_assets.training.decisions import (
    Decision,
    Verdict,
    outcome_of,
    read_decision,
    write_decision,
)
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector, read_card
from tests.oott_assets.training.starter_weights import STARTER

GOOD = Verdict(gain="it is better by 0.05", against=())
UNCLEAR = Verdict(gain="it is better by 0.01", against=("it is not clearly better",))
BROKEN = Verdict(gain="it is better by 0.5", against=(), broken=("its output is not finite",))


def test_a_detector_with_nothing_against_it_is_published_without_a_stated_reason() -> None:
    for stated in ("", "I like it"):
        outcome = outcome_of(GOOD, dry_run=False, publish_anyway=stated)

        assert outcome == (True, None, "published: it is better by 0.05")


def test_a_rule_against_it_keeps_a_detector_as_a_candidate() -> None:
    outcome = outcome_of(UNCLEAR, dry_run=False, publish_anyway="")

    assert outcome == (False, None, "kept as a candidate: it is not clearly better")


def test_a_person_can_publish_against_the_rules_with_a_reason() -> None:
    outcome = outcome_of(UNCLEAR, dry_run=False, publish_anyway="the old one has no winter")

    assert outcome.publishes
    assert outcome.stated_reason == "the old one has no winter"
    assert outcome.text == (
        "published: against the rules (it is not clearly better), because the old one has no winter"
    )


def test_a_broken_detector_is_not_published_for_any_reason() -> None:
    outcome = outcome_of(BROKEN, dry_run=False, publish_anyway="I want it")

    assert outcome == (False, None, "kept as a candidate: its output is not finite")


@pytest.mark.parametrize(
    ("verdict", "stated", "text"),
    [
        (GOOD, "", "dry run, would be published: it is better by 0.05"),
        (UNCLEAR, "", "kept as a candidate: it is not clearly better"),
        (
            UNCLEAR,
            "winter",
            "dry run, would be published: against the rules (it is not clearly better), because "
            "winter",
        ),
    ],
)
def test_a_dry_run_publishes_nothing_and_says_what_would_be(
    verdict: Verdict, stated: str, text: str
) -> None:
    assert outcome_of(verdict, dry_run=True, publish_anyway=stated) == (False, None, text)


def test_the_decision_is_read_as_it_was_written(tmp_path: Path) -> None:
    candidate = PublishedDetector.verified(
        STARTER / "detector.onnx", read_card(STARTER / "card.json")
    )
    outcome = outcome_of(UNCLEAR, dry_run=False, publish_anyway="")
    decision = Decision.of(candidate, None, UNCLEAR, outcome, "garment_onnx in run 1a2b3c4d")

    write_decision(tmp_path, decision)

    assert read_decision(tmp_path) == decision
    assert decision.candidate == candidate.version
    assert decision.verdict.why_not == "it is not clearly better"


def test_a_candidate_without_a_decision_has_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert read_decision(tmp_path) is None

    (tmp_path / "decision.json").write_text('{"candidate": "1"}')

    with pytest.raises(BadDetector, match=r"decision\.json is not a decision"):
        read_decision(tmp_path)
