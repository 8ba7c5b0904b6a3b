"""What stops a run, said in one sentence; and whether trying again can mend it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from oott_assets.photos.privacy.faces import FacesNotHidden
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from oott_fashion.stores.blobs import AlreadyLocked, LockLost, StoreMisconfigured, StoreUnreachable

_PASSING = (SourceBusy, StoreUnreachable, AlreadyLocked, LockLost)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def told_as_failures() -> Iterator[None]:
    """Turn what sources and stores raise into what a person reads of a failed step."""
    try:
        yield
    except (PhotosUnknown, FacesNotHidden, StoreUnreachable, AlreadyLocked, LockLost) as error:
        passing = isinstance(error, _PASSING) and not isinstance(error, StoreMisconfigured)
        raise dg.Failure(str(error), allow_retries=passing) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise dg.Failure(
            f"the disk of the store is full ({error.strerror}); free some, then run this again",
            allow_retries=False,
        ) from error
