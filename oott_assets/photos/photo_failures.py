"""The errors of the steps that collect and delete photos, and how often each error is retried."""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureRule, FailureTable
from oott_assets.photos.privacy.faces import FacesNotHidden
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours

# A source that fails for longer is asked again by another run. A step that waits for hours would
# keep its run, and only a few runs work at a time.
LATER_HOURS = (1, 6, 24)

PHOTO_FAILURES: FailureTable = {
    **STORE_FAILURES,
    # A failed page or browser needs minutes to recover. A retry continues from the journal. The
    # delays are not longer, because Dagster ends a cancelled run only after the delay. Until then,
    # the cancelled run blocks other runs.
    SourceBusy: FailureRule(delays_seconds=(60, 180), later_hours=LATER_HOURS),
    # The source refuses requests for hours, so this run must not send any.
    SourceBusyForHours: FailureRule(later_hours=LATER_HOURS),
    PhotosUnknown: PERMANENT,
    FacesNotHidden: PERMANENT,
}
