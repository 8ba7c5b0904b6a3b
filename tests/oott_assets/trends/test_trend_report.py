"""The asset that writes the trend page, and the command that opens the latest one."""

import json
import webbrowser
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from oott_assets.definitions import configured_resources, defs
from oott_assets.partitions import destinations
from oott_assets.trends.latest_report import main
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables
from tests.oott_assets.trends import fabricated_estimates
from tests.oott_assets.trends_pipeline import TrendsPipeline, failures, metadata_of

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


@pytest.fixture
def two_months(trends_pipeline: TrendsPipeline) -> None:
    """Write estimates of September and October to the pipeline's tables."""
    assert trends_pipeline
    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    tables.migrate()
    fabricated_estimates.fill(tables, [SEPTEMBER, OCTOBER])
    tables.close()


def report(month: str) -> dg.ExecuteInProcessResult:
    """Run the report without the estimates, which these tests make up."""
    job = defs.resolve_job_def("trend_report_job").get_subset(op_selection=["trend_report"])
    return job.execute_in_process(
        partition_key=month, resources=configured_resources(), raise_on_error=False
    )


def data_in(page: Path) -> dict[str, list[dict[str, str]]]:
    _, _, rest = page.read_text(encoding="utf-8").partition('id="data">')
    return dict(json.loads(rest.partition("</script>")[0]))


@pytest.mark.usefixtures("two_months")
def test_the_report_is_a_page_and_says_what_rises_and_falls() -> None:
    metadata = metadata_of(report("2026-10"), "trend_report")

    page = Path(str(metadata["page"]))
    assert metadata["link"] == page.as_uri()
    assert page.name == "2026-10.html"
    assert [entry["month"] for entry in data_in(page)["months"]] == ["2026-09", "2026-10"]
    table = str(metadata["rises_and_falls"])
    assert "| haeundae | puffer |" in table
    assert "cardigan" not in table
    assert metadata["rising"]
    assert metadata["photos_with_garments"] == 849
    assert metadata["share_of_puffer"] == pytest.approx(0.15, abs=0.05)


@pytest.mark.usefixtures("two_months")
def test_a_page_shows_no_later_month() -> None:
    page = Path(str(metadata_of(report("2026-09"), "trend_report")["page"]))

    data = data_in(page)
    assert [entry["month"] for entry in data["months"]] == ["2026-09"]
    assert data["forecasts"] == []


@pytest.mark.usefixtures("two_months")
def test_running_the_report_again_replaces_the_page() -> None:
    first, second = (metadata_of(report("2026-10"), "trend_report") for _ in range(2))

    assert first["page"] == second["page"]
    assert [file.name for file in Path(str(first["page"])).parent.iterdir()] == ["2026-10.html"]


@pytest.mark.usefixtures("trends_pipeline")
def test_a_month_without_estimates_has_no_report() -> None:
    [failure] = failures(report("2026-09"))

    assert failure == ("nothing was estimated in 2026-09; materialise trend_estimates for it first")


@pytest.mark.usefixtures("two_months")
def test_the_command_writes_and_opens_the_page_of_the_latest_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")

    done = CliRunner().invoke(main, [])

    assert done.exit_code == 0, done.output
    page = Path(done.output.removeprefix("Trends: ").strip())
    assert page.name == "2026-10.html"
    assert page.exists()
    assert opened == [page.as_uri()]


@pytest.mark.usefixtures("two_months")
def test_without_a_display_the_command_only_prints_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: pytest.fail("no browser can open it"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    assert "2026-10.html" in CliRunner().invoke(main, []).output


@pytest.mark.usefixtures("trends_pipeline")
def test_the_command_says_how_to_get_estimates() -> None:
    done = CliRunner().invoke(main, [])

    assert done.exit_code == 1
    assert "run `make demo`, or materialise trend_estimates" in done.output
