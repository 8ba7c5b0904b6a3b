"""Which errors are retried, how often, after which delays, and with which final message."""

import ast
import errno
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import dagster as dg
import pytest

from oott_assets.failure_rules import FailureRule, FailureTable, failures_of
from oott_assets.photos.photo_failures import PHOTO_FAILURES
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.trends.trend_failures import TREND_FAILURES
from tests.oott_assets.trends_pipeline import attempts, failures

TABLES: dict[str, FailureTable] = {
    "photos": PHOTO_FAILURES,
    "trends": TREND_FAILURES,
    "training": TRAINING_FAILURES,
}

RULES = [
    pytest.param(table, kind, id=f"{package}-{kind.__name__}")
    for package, table in TABLES.items()
    for kind in table
]

# Errors that never fail a step, with where they are handled or raised.
NOT_IN_A_STEP = {
    "ResponseTooLarge": "the sources list the photo as unavailable",
    "InvalidLabel": "read_labelled lists it as a problem",
    "BadSetting": "raised when Dagster loads the definitions",
    "BrowserDied": "the browser source starts another browser; after the last retry, SourceBusy",
    "CannotMeasure": "the command that measures a detector",
    "CenterFaceUnavailable": "FacesNotHidden",
    "FolderNotEmpty": "the command that draws a data set",
    "NoPixels": "a bug in the program",
    "NotInCatalogue": "sub_data tries the next labeller, or lists the photo as skipped",
    "NotLabelStudioJson": "BadTags",
    "NotTagged": "sub_data tries the next labeller, or lists the photo as skipped",
    "NotWeights": "WrongStartingWeights, and the command that publishes a detector",
    "PageFailed": "the post is listed as refused; after several in a row, SourceBusy",
    "PageLeft": "PageFailed",
    "PageUnreachable": "PageFailed",
    "PhotoTooLarge": "listed as unreadable",
    "PostGone": "listed as gone",
    "ReusedKey": "the server",
    "Stalled": "the hashtag page is read again; after the last retry, SourceBusy",
    "Undelivered": "the alarm sensors send the alarm again",
    "WorkerGone": "the photo is read on this machine",
    "UnknownPlace": "raised when Dagster loads the definitions",
    "RequestFailed": "the request is retried; after the last retry, SourceBusy",
    "TooMuchData": "the request is repeated with a lower limit",
    "TooManyRequests": "the request is retried; after the last retry, SourceBusyForHours",
    "UnreadableFile": "read_labelled lists it as a problem",
    "UnreadablePhoto": "listed as unreadable",
    "DownloadFailed": "the command that downloads weights",
}


def run_of(table: FailureTable, errors: Iterator[Exception]) -> dg.ExecuteInProcessResult:
    """Run a step that raises one of ``errors`` at each attempt, and succeeds after them."""

    @dg.asset
    def step(context: dg.AssetExecutionContext) -> None:
        with failures_of(context, table):
            for error in errors:
                raise error

    return dg.materialize([step], raise_on_error=False)


def retries_of(run: dg.ExecuteInProcessResult) -> list[float | None]:
    return [
        event.step_retry_data.seconds_to_wait
        for event in run.all_events
        if event.is_step_up_for_retry
    ]


def an_error(kind: type[Exception]) -> Exception:
    return kind(errno.ENOSPC, "what happened") if kind is OSError else kind("what happened")


@pytest.mark.usefixtures("without_delays")
@pytest.mark.parametrize(("table", "kind"), RULES)
def test_a_step_is_attempted_as_often_as_its_rule_says_and_fails_with_its_message(
    table: FailureTable, kind: type[Exception]
) -> None:
    run = run_of(table, (an_error(kind) for _ in range(9)))

    assert attempts(run, "step") == 1 + len(table[kind].delays_seconds)
    [message] = failures(run)
    assert "what happened" in message


def test_a_step_that_works_at_the_last_retry_succeeds() -> None:
    rule = FailureRule(delays_seconds=(0.01, 0.02))

    run = run_of({ValueError: rule}, iter([ValueError("one"), ValueError("two")]))

    assert run.success
    assert attempts(run, "step") == 3
    assert retries_of(run) == [0.01, 0.02]


def test_each_retry_shows_the_message() -> None:
    rule = FailureRule(delays_seconds=(0.01,), sentence=lambda error: f"our message on {error}")

    run = run_of({ValueError: rule}, iter([ValueError("one")]))

    [retry] = [event for event in run.all_events if event.is_step_up_for_retry]
    error = retry.step_retry_data.error
    assert error is not None
    assert error.cause is not None
    assert "our message on one" in error.cause.message


def test_the_rule_of_the_most_specific_class_is_used_in_any_order() -> None:
    retried, permanent = FailureRule(delays_seconds=(0.0,)), FailureRule()
    tables: list[FailureTable] = [
        {LookupError: retried, KeyError: permanent},
        {KeyError: permanent, LookupError: retried},
    ]
    for table in tables:
        assert attempts(run_of(table, iter([KeyError("a")] * 3)), "step") == 1
        assert attempts(run_of(table, iter([IndexError("a")] * 3)), "step") == 2


def test_retries_are_counted_per_step_and_not_per_rule() -> None:
    table: FailureTable = {KeyError: FailureRule((0.0, 0.0)), IndexError: FailureRule((0.0,))}

    run = run_of(table, iter([KeyError("a"), IndexError("b"), KeyError("c")]))

    assert attempts(run, "step") == 2
    assert failures(run) == ["b"]


def test_an_error_outside_the_table_keeps_its_traceback_and_is_attempted_once() -> None:
    run = run_of({KeyError: FailureRule((0.0,))}, iter([ZeroDivisionError("a mistake")] * 3))

    assert attempts(run, "step") == 1
    assert failures(run) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            errno.EACCES,
            "correct that (users who share it need umask 002 and a group-writable folder",
        ),
        (errno.EROFS, "is on a read-only file system; mount it for writing, or use another folder"),
    ],
)
def test_a_file_that_may_not_be_written_fails_the_step_with_one_sentence(
    code: int, expected: str, tmp_path: Path
) -> None:
    denied = [OSError(code, os.strerror(code), str(tmp_path / "photos" / "1")) for _ in range(3)]
    for table in TABLES.values():
        run = run_of(table, iter(denied))

        assert attempts(run, "step") == 1
        [message] = failures(run)
        assert message.startswith(str(tmp_path))
        assert expected in message


def test_an_os_error_that_no_person_can_correct_keeps_its_traceback() -> None:
    run = run_of(PHOTO_FAILURES, iter([OSError(errno.EINVAL, "Invalid argument")] * 3))

    assert attempts(run, "step") == 1
    assert failures(run) == []


def test_every_error_class_is_in_a_table_or_never_fails_a_step() -> None:
    names = {kind.__name__ for table in TABLES.values() for kind in table}
    errors = dict(_errors_defined())

    def is_in_a_table(name: str) -> bool:
        return name in names or any(is_in_a_table(base) for base in errors.get(name, []))

    # In the tables OSError is only a full disk or a denial, so its subclasses do not count.
    names -= {"OSError"}
    missing = {name for name in errors if not name.startswith("_") and not is_in_a_table(name)}
    assert missing == set(NOT_IN_A_STEP)


def _errors_defined() -> Iterator[tuple[str, list[str]]]:
    """List the exception classes of both packages with their base classes."""
    files = chain(Path("oott_assets").rglob("*.py"), Path("oott_fashion").rglob("*.py"))
    classes = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def is_error(name: str) -> bool:
        return (
            name == "Exception"
            or name.endswith("Error")
            or any(map(is_error, classes.get(name, [])))
        )

    return ((name, bases) for name, bases in classes.items() if any(map(is_error, bases)))
