"""Which errors fail a step, which of them are retried, and the message that Dagster shows.

Each package has its own table: ``photo_failures``, ``trend_failures`` and ``training_failures``.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from oott_fashion.stores.blobs import (
    AlreadyLocked,
    BlobNotFound,
    LockLost,
    StoreMisconfigured,
    StoreUnreachable,
)

StepContext = dg.AssetExecutionContext | dg.AssetCheckExecutionContext | dg.OpExecutionContext

# A write fails with these when the disk, the user's quota or the largest file size is reached.
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class FailureRule:
    """How often an error is retried, and the message that Dagster shows for it.

    ``delays_seconds`` has the wait before each retry; if it is empty, there is no retry. The rule
    does not apply to an error for which ``sentence`` returns None; that error keeps its traceback.
    """

    delays_seconds: tuple[float, ...] = ()
    sentence: Callable[[Exception], str | None] = str

    def seconds_before(self, retry: int) -> float:
        """Return the wait before a retry; the first retry is number 0."""
        return self.delays_seconds[retry]


FailureTable = Mapping[type[Exception], FailureRule]

PERMANENT = FailureRule()


@contextmanager
def failures_of(context: StepContext, table: FailureTable) -> Iterator[None]:
    """Retry the step or fail it, as the rule of the most specific class in ``table`` says.

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
        # No retry policy is involved; a policy that someone adds must not multiply the retries.
        failure = dg.Failure(sentence, allow_retries=False)
        retry, retries = context.retry_number, len(rule.delays_seconds)
        if retry >= retries:
            raise failure from error
        seconds = rule.seconds_before(retry)
        context.log.warning("%s; retry %d of %d in %g s", sentence, retry + 1, retries, seconds)
        # Dagster shows the causes of a retry, so the sentence is one of them.
        failure.__cause__ = error
        raise dg.RetryRequested(max_retries=retries, seconds_to_wait=seconds) from failure


def _full_disk_sentence(error: Exception) -> str | None:
    if not isinstance(error, OSError) or error.errno not in _DISK_IS_FULL:
        return None
    return f"the disk of the store is full ({error.strerror}); free some, then run this again"


def _missing_blob_sentence(error: Exception) -> str:
    return f"{error}; materialise the asset that writes it first"


# The client of the object store has retried a request for 20 s already, so the first retry waits
# longer. Both waits together outlast the lease of 120 s that a step leaves on the folder when it
# cannot reach the store to release it.
_STORE = FailureRule(delays_seconds=(30, 120))

STORE_FAILURES: FailureTable = {
    StoreUnreachable: _STORE,
    StoreMisconfigured: PERMANENT,
    # Another run, the nightly sweep, or the lease of the attempt before.
    AlreadyLocked: _STORE,
    LockLost: _STORE,
    BlobNotFound: FailureRule(sentence=_missing_blob_sentence),
    OSError: FailureRule(sentence=_full_disk_sentence),
}
