"""A post that is to be forgotten is nowhere any more, and does not come back."""

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from oott_assets.resources.crawl_journal import JournalledPost
from oott_assets.trends.forget import main
from tests.oott_assets.street import Street

LOOK = "look-0001.jpg"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    """Give Dagster's records in a folder of their own, as DAGSTER_HOME names them."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return dg.DagsterInstance.get()


def forget(shortcode: str) -> str:
    result = CliRunner().invoke(main, [shortcode], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def contents(home: Path) -> bytes:
    return b"".join(it.read_bytes() for it in sorted(home.rglob("*")) if it.is_file())


def test_a_forgotten_post_leaves_photos_manifest_detections_and_counts(
    street: Street, records: dg.DagsterInstance, tmp_path: Path
) -> None:
    street.run(records=records)
    [gone] = [row.sha256 for row in street.manifest() if row.shortcode == LOOK]
    worn = sum(row.worn for row in street.rows())
    seen = {photo.sha256: len(photo.garments) for photo in street.detections().photos}

    output = forget(LOOK)

    assert "removed from hongdae 2026-09" in output
    assert LOOK not in [row.shortcode for row in street.manifest()]
    assert gone not in [photo.sha256 for photo in street.detections().photos]
    assert sum(row.worn for row in street.rows()) == worn - seen[str(gone)]
    assert not (tmp_path / "home/photos/photos/hongdae/2026-09" / str(gone)).exists()
    assert LOOK.encode() not in contents(tmp_path / "home/photos")


def test_a_forgotten_post_does_not_come_back(street: Street, records: dg.DagsterInstance) -> None:
    street.run(records=records)
    forget(LOOK)

    street.run(records=records)

    assert LOOK not in [row.shortcode for row in street.manifest()]
    assert len(street.manifest()) == 3


def test_contact_sheets_that_may_show_it_go_from_the_records(
    street: Street, records: dg.DagsterInstance
) -> None:
    street.run(records=records)

    forget(LOOK)

    for asset in ("instagram_images", "garment_detections"):
        [record] = records.fetch_materializations(dg.AssetKey(asset), limit=10).records
        assert record.asset_materialization
        sheet = record.asset_materialization.metadata["contact sheet"].value
        assert sheet == "a post on it was removed"


def test_a_post_of_a_crawl_that_stopped_is_forgotten_too(
    street: Street, records: dg.DagsterInstance, tmp_path: Path
) -> None:
    street.run(records=records)
    stored = street.stored()
    rows = stored.manifest()
    stored.journal.write(JournalledPost([rows[1]], {}))
    stored.write_manifest([rows[0]])

    forget(LOOK)

    assert not stored.journal.holds(LOOK)
    assert not (tmp_path / "home/photos/photos/hongdae/2026-09" / str(rows[1].sha256)).exists()


def test_a_post_stored_nowhere_is_kept_away_all_the_same(
    street: Street, records: dg.DagsterInstance
) -> None:
    assert "it was stored nowhere" in forget(LOOK)

    street.run(records=records)

    assert len(street.manifest()) == 3


def test_a_month_that_is_being_collected_is_said_and_the_post_stays_away(
    street: Street, records: dg.DagsterInstance
) -> None:
    street.run(records=records)

    with street.stored().held():
        result = CliRunner().invoke(main, [LOOK])

    assert result.exit_code == 1
    assert "then run this again" in result.output
    assert street.photo_store.is_forgotten(LOOK)
    assert "removed from" in forget(LOOK)
