"""Rules for errors: which errors are retried, and which message Dagster shows.

Each package has its own table: ``photo_failures``, ``trend_failures`` and ``training_failures``.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from oott_fashion.stores.blobs import (
    AlreadyLocked,
    BlobChanged,
    BlobNotFound,
    DamagedBlob,
    StoreMisconfigured,
    StoreUnreachable,
    denial_of,
)

StepContext = dg.AssetExecutionContext | dg.AssetCheckExecutionContext | dg.OpExecutionContext

# How many retries in later runs came before this run, and the number of the one that follows it.
EARLIER_RETRIES = "oott/earlier_retries"
LATER_RETRY = "oott/later_retry"

# A write fails with one of these codes if the disk is full, the quota of the user is used up, or
# the file is too large.
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class FailureRule:
    """How often an error is retried, and the message that Dagster shows for it.

    ``delays_seconds`` contains the wait before each retry. If it is empty, there is no retry.
    ``later_hours`` contains the wait before each retry in a run of its own, after the failed run.
    If ``sentence`` returns None for an error, the rule does not apply, and the error passes.
    """

    delays_seconds: tuple[float, ...] = ()
    later_hours: tuple[float, ...] = ()
    sentence: Callable[[Exception], str | None] = str

    def seconds_before(self, retry: int) -> float:
        """Return the wait before a retry; the first retry is number 0."""
        return self.delays_seconds[retry]


FailureTable = Mapping[type[Exception], FailureRule]

PERMANENT = FailureRule()


@contextmanager
def failures_of(context: StepContext, table: FailureTable) -> Iterator[None]:
    """Retry or fail the step. The rule of the most specific error class in ``table`` decides.

    Retries are counted per step, not per rule. Errors outside the table pass through.

    Raises:
        RetryRequested: the step is retried after the rule's delay.
        Failure: the error is permanent, or all retries are used up.
    """
    try:
        yield
    except tuple(table) as error:
        rule = next(table[kind] for kind in type(error).__mro__ if kind in table)
        sentence = rule.sentence(error)
        if sentence is None:
            raise
        # The rule alone decides about retries. If someone adds a Dagster retry policy, the policy
        # must not add retries.
        failure = dg.Failure(sentence, allow_retries=False)
        retry, retries = context.retry_number, len(rule.delays_seconds)
        if retry >= retries:
            _tag_for_a_later_run(context, rule)
            raise failure from error
        seconds = rule.seconds_before(retry)
        context.log.warning("%s; retry %d of %d in %g s", sentence, retry + 1, retries, seconds)
        # Dagster shows the causes of a retry. The failure is a cause, so its sentence is shown.
        failure.__cause__ = error
        raise dg.RetryRequested(max_retries=retries, seconds_to_wait=seconds) from failure


def _tag_for_a_later_run(context: StepContext, rule: FailureRule) -> None:
    """Tag the failed run, so that ``source_retry_sensor`` starts another one when it is time."""
    earlier = int(context.run.tags.get(EARLIER_RETRIES, 0))
    if earlier < len(rule.later_hours):
        context.instance.add_run_tags(context.run.run_id, {LATER_RETRY: str(earlier + 1)})
        context.log.warning("another run tries again in %g hours", rule.later_hours[earlier])


def _disk_sentence(error: Exception) -> str | None:
    if not isinstance(error, OSError):
        return None
    if error.errno not in DISK_IS_FULL:
        return denial_of(error)
    return f"the disk of the store is full ({error.strerror}); free some, then run this again"


def _missing_blob_sentence(error: Exception) -> str:
    return f"{error}; materialise the asset that writes it first"


# The client of the object store has already retried a request for 20 s, so the first wait is longer
# than that.
_STORE = FailureRule(delays_seconds=(30, 120))

STORE_FAILURES: FailureTable = {
    StoreUnreachable: _STORE,
    StoreMisconfigured: PERMANENT,
    # Another run or the nightly sweep works on the month, here or on another machine.
    AlreadyLocked: _STORE,
    BlobChanged: _STORE,
    DamagedBlob: PERMANENT,
    BlobNotFound: FailureRule(sentence=_missing_blob_sentence),
    OSError: FailureRule(sentence=_disk_sentence),
}


def reason_of(run: dg.ExecuteInProcessResult) -> str | None:
    """Give the message that Dagster shows for the first failed step; None if it has none."""
    return reason_in(run.all_events)


def reason_in(events: Iterable[dg.DagsterEvent]) -> str | None:
    """Give the message of the first failed step in ``events``; None if it has none."""
    failed = [event.step_failure_data for event in events if event.is_step_failure]
    described = [data.user_failure_data.description for data in failed if data.user_failure_data]
    return next((text for text in described if text), None)
