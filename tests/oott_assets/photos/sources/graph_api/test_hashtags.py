"""Tests of the limit of 30 hashtags in 7 days, in the source and the command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.graph_api.__main__ import main
from oott_assets.photos.sources.graph_api.graph_source import graph_api_of
from oott_assets.photos.sources.photo_source import PhotosUnknown
from tests.oott_assets.photos.sources.graph_api.loopback_api import (
    ALL,
    HAEUNDAE,
    HONGDAE,
    JEJU,
    Sleeper,
    api_with,
    graph_api,
    listed,
    searches,
    shortcodes,
    used_hashtags,
)
from tests.oott_assets.photos.sources.graph_server import (
    TOKEN,
    USER,
    FakePost,
    GraphServer,
    graph_error,
)
from tests.oott_assets.photos.sources.photo_server import Reply


def test_a_destination_beyond_the_limit_is_rejected_before_the_first_search(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({"해운대": [FakePost("A")]}, searched=used_hashtags(29)) as server:
        source = graph_api(server, ids_file, sleeper)

        with pytest.raises(PhotosUnknown) as failure:
            listed(source, HAEUNDAE)

    assert str(failure.value) == (
        "Instagram lets an account search 30 hashtags in 7 days; 29 are used, too many "
        "to search 해운대해수욕장 for haeundae; still possible: hongdae. To see all, run: "
        "python -m oott_assets.photos.sources.graph_api"
    )
    assert server.paths() == [f"/{USER}/recently_searched_hashtags"]


def test_a_destination_that_uses_up_the_limit_exactly_is_searched(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer(
        {"해운대": [FakePost("A")], "해운대해수욕장": []}, searched=used_hashtags(28)
    ) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper), HAEUNDAE) == ["A"]


def test_a_hashtag_searched_this_week_can_be_searched_again(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        server.searched += used_hashtags(29)

        assert shortcodes(source) == ["A"]
        assert searches(server) == 1


def test_a_stored_id_is_used_by_later_runs(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        listed(graph_api(server, ids_file, sleeper))

    assert searches(server) == 1
    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


@pytest.mark.parametrize("path", ["recent_media", "top_media"])
@pytest.mark.parametrize("error", [graph_error(100, 33), graph_error(24, 2207024)])
def test_an_id_that_the_api_no_longer_knows_is_looked_up_again(
    ids_file: Path, sleeper: Sleeper, error: Reply, path: str
) -> None:
    with api_with(ids_file, sleeper, FakePost("A"), FakePost("B")) as (server, source):
        listed(source)
        server.fail(path, error)

        assert shortcodes(source) == ["A", "B"]
        assert searches(server) == 2
    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


def test_an_unknown_id_is_looked_up_again_only_once(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        server.fail("recent_media", *[graph_error(100, 33)] * 9)

        with pytest.raises(PhotosUnknown, match="refuses the request"):
            listed(source)
        assert searches(server) == 2


def test_a_stored_hashtag_that_no_longer_exists_has_no_posts(
    ids_file: Path, sleeper: Sleeper
) -> None:
    ids_file.parent.mkdir()
    ids_file.write_text('{"홍대": "17840000000000000"}')
    with GraphServer({}) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper)) == []


def test_a_damaged_file_of_ids_is_replaced(ids_file: Path, sleeper: Sleeper) -> None:
    ids_file.parent.mkdir()
    ids_file.write_text('{"홍대": ')
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        assert shortcodes(source) == ["A"]

    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


def test_a_limit_that_another_program_used_up_is_reported(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper) as (server, source):
        server.fail("ig_hashtag_search", graph_error(18, 2207034, "Too many", 403))

        with pytest.raises(PhotosUnknown, match="searched the 30 hashtags"):
            listed(source)


def test_the_plan_takes_destinations_in_order_and_counts_shared_hashtags_once(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({}, searched=used_hashtags(25)) as server:
        plan = graph_api(server, ids_file, sleeper).plan()
        assert (plan.used, plan.free) == (25, 5)
        assert plan.fitting == (HONGDAE, HAEUNDAE, JEJU)  # 해운대 counts once

        server.searched = used_hashtags(27)
        plan = graph_api(server, ids_file, sleeper).plan()
        assert plan.fitting == (HONGDAE, HAEUNDAE)
        assert plan.waiting == (JEJU,)
    assert searches(server) == 0


def test_with_the_limit_used_up_searched_destinations_are_still_possible(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with api_with(ids_file, sleeper) as (server, source):
        listed(source)
        server.searched += used_hashtags(29)

        assert source.plan().fitting == (HONGDAE,)


@pytest.fixture
def account_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings of an account, without the URL, which the test sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OOTT_GRAPH_USER", USER)
    monkeypatch.setenv("OOTT_GRAPH_TOKEN", TOKEN)
    return monkeypatch


def test_the_command_prints_which_destinations_are_possible(
    account_settings: pytest.MonkeyPatch,
) -> None:
    with GraphServer({}, searched=used_hashtags(28)) as server:
        account_settings.setenv("OOTT_GRAPH_URL", server.url)
        result = CliRunner().invoke(main)

    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "28 of 30 hashtags are used this week, 2 are free"
    assert lines[1] == "can be collected now, all together: hongdae (홍대), yeonnam-dong (연남동)"
    assert lines[2].startswith("must wait: myeong-dong (명동), ikseon-dong (익선동)")


def test_the_command_prints_an_error_in_one_line(account_settings: pytest.MonkeyPatch) -> None:
    account_settings.delenv("OOTT_GRAPH_TOKEN")

    result = CliRunner().invoke(main)

    assert result.exit_code == 1
    assert result.output == ("Error: OOTT_GRAPH_USER or OOTT_GRAPH_TOKEN is missing; set both\n")


def test_the_source_made_from_settings_stores_ids_in_the_home_folder(
    account_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    account_settings.setenv("OOTT_REQUEST_INTERVAL_SECONDS", "0")
    with GraphServer({"홍대": [FakePost("A")]}) as server:
        account_settings.setenv("OOTT_GRAPH_URL", server.url)

        assert shortcodes(graph_api_of(PhotoSettings(), ALL)) == ["A"]

    assert (tmp_path / ".oott" / "hashtag-ids.json").is_file()
