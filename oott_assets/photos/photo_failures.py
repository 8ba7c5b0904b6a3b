"""What fails the steps that collect and delete photos, and which of it is retried."""

from oott_assets.failure_rules import PERMANENT, STORE_FAILURES, FailureRule, FailureTable
from oott_assets.photos.privacy.faces import FacesNotHidden
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours

PHOTO_FAILURES: FailureTable = {
    **STORE_FAILURES,
    # A page that fails or a browser that died needs minutes. A retry goes on from the journal. Not
    # longer: Dagster ends a cancelled run only after the wait, and the run blocks another one.
    SourceBusy: FailureRule(delays_seconds=(60, 180)),
    # A request before that time would be impolite, and a run must not wait for hours.
    SourceBusyForHours: PERMANENT,
    PhotosUnknown: PERMANENT,
    FacesNotHidden: PERMANENT,
}
