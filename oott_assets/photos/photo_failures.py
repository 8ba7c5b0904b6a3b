"""The errors of the steps that collect and delete photos, and how often each error is retried."""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureRule, FailureTable
from oott_assets.photos.privacy.faces import FacesNotHidden
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours

PHOTO_FAILURES: FailureTable = {
    **STORE_FAILURES,
    # A failed page or browser needs minutes to recover. A retry continues from the journal. The
    # delays are not longer, because Dagster ends a cancelled run only after the delay. Until then,
    # the cancelled run blocks other runs.
    SourceBusy: FailureRule(delays_seconds=(60, 180)),
    # The source refuses requests for hours. A run must neither send requests earlier nor wait so
    # long.
    SourceBusyForHours: PERMANENT,
    PhotosUnknown: PERMANENT,
    FacesNotHidden: PERMANENT,
}
