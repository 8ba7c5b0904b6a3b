"""The errors that fail the steps that collect and delete photos, and which are retried."""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureRule, FailureTable
from oott_assets.photos.privacy.faces import FacesNotHidden
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours

PHOTO_FAILURES: FailureTable = {
    **STORE_FAILURES,
    # A failed page or browser needs minutes to recover. A retry continues from the journal. Longer
    # delays would be worse: Dagster ends a cancelled run only after the wait, and the run blocks
    # others.
    SourceBusy: FailureRule(delays_seconds=(60, 180)),
    # A request before that time would be impolite, and a run must not wait for hours.
    SourceBusyForHours: PERMANENT,
    PhotosUnknown: PERMANENT,
    FacesNotHidden: PERMANENT,
}
