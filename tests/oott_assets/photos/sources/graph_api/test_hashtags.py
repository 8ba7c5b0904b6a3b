"""The 30 hashtags of 7 days, as the source and the command tell of them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.graph_api.__main__ import main
from oott_assets.photos.sources.graph_api.graph_source import graph_api_of
from oott_assets.photos.sources.photo_source import PhotosUnknown
from tests.oott_assets.photos.sources.graph_api.rehearsal import (
    ALL,
    HAEUNDAE,
    HONGDAE,
    JEJU,
    Sleeper,
    asking,
    graph_api,
    listed,
    searches,
    shortcodes,
    used,
)
from tests.oott_assets.photos.sources.graph_server import (
    TOKEN,
    USER,
    FakePost,
    GraphServer,
    graph_error,
)
from tests.oott_assets.photos.sources.photo_server import Reply


def test_a_destination_that_does_not_fit_is_refused_before_anything_is_searched(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({"해운대": [FakePost("A")]}, searched=used(29)) as server:
        source = graph_api(server, ids_file, sleeper)

        with pytest.raises(PhotosUnknown) as refusal:
            listed(source, HAEUNDAE)

    assert str(refusal.value) == (
        "Instagram lets an account search 30 hashtags in 7 days; 29 are used, so that of haeundae "
        "there is no room for 해운대해수욕장; there is room for hongdae. All that fit are told by: "
        "python -m oott_assets.photos.sources.graph_api"
    )
    assert server.paths() == [f"/{USER}/recently_searched_hashtags"]


def test_a_destination_that_fits_exactly_is_searched(ids_file: Path, sleeper: Sleeper) -> None:
    with GraphServer(
        {"해운대": [FakePost("A")], "해운대해수욕장": []}, searched=used(28)
    ) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper), HAEUNDAE) == ["A"]


def test_a_hashtag_searched_this_week_fits_though_none_is_free(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        server.searched += used(29)

        assert shortcodes(source) == ["A"]
        assert searches(server) == 1


def test_an_id_once_learnt_is_known_to_later_runs(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        listed(graph_api(server, ids_file, sleeper))

    assert searches(server) == 1
    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


@pytest.mark.parametrize("path", ["recent_media", "top_media"])
@pytest.mark.parametrize("error", [graph_error(100, 33), graph_error(24, 2207024)])
def test_an_id_that_the_api_no_longer_knows_is_looked_up_anew(
    ids_file: Path, sleeper: Sleeper, error: Reply, path: str
) -> None:
    with asking(ids_file, sleeper, FakePost("A"), FakePost("B")) as (server, source):
        listed(source)
        server.fail(path, error)

        assert shortcodes(source) == ["A", "B"]
        assert searches(server) == 2
    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


def test_an_id_that_the_api_does_not_know_is_looked_up_anew_only_once(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        listed(source)
        server.fail("recent_media", *[graph_error(100, 33)] * 9)

        with pytest.raises(PhotosUnknown, match="refuses the question"):
            listed(source)
        assert searches(server) == 2


def test_a_hashtag_that_went_since_it_was_remembered_has_no_posts(
    ids_file: Path, sleeper: Sleeper
) -> None:
    ids_file.parent.mkdir()
    ids_file.write_text('{"홍대": "17840000000000000"}')
    with GraphServer({}) as server:
        assert shortcodes(graph_api(server, ids_file, sleeper)) == []


def test_a_damaged_file_of_ids_is_begun_anew(ids_file: Path, sleeper: Sleeper) -> None:
    ids_file.parent.mkdir()
    ids_file.write_text('{"홍대": ')
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        assert shortcodes(source) == ["A"]

    assert json.loads(ids_file.read_text()) == {"홍대": server.searched[0]}


def test_what_another_program_uses_up_meanwhile_is_told(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper) as (server, source):
        server.fail("ig_hashtag_search", graph_error(18, 2207034, "Too many", 403))

        with pytest.raises(PhotosUnknown, match="searched the 30 hashtags"):
            listed(source)


def test_the_plan_takes_destinations_in_their_order_and_shares_their_hashtags(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({}, searched=used(25)) as server:
        plan = graph_api(server, ids_file, sleeper).plan()
        assert (plan.used, plan.free) == (25, 5)
        assert plan.fitting == (HONGDAE, HAEUNDAE, JEJU)  # 해운대 counts once

        server.searched = used(27)
        plan = graph_api(server, ids_file, sleeper).plan()
        assert plan.fitting == (HONGDAE, HAEUNDAE)
        assert plan.waiting == (JEJU,)
    assert searches(server) == 0


def test_a_full_week_still_fits_what_was_searched_in_it(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper) as (server, source):
        listed(source)
        server.searched += used(29)

        assert source.plan().fitting == (HONGDAE,)


@pytest.fixture
def settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings of an account that asks a server which the test still has to name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OOTT_GRAPH_USER", USER)
    monkeypatch.setenv("OOTT_GRAPH_TOKEN", TOKEN)
    return monkeypatch


def test_the_command_says_which_destinations_fit_this_week(
    settings_of: pytest.MonkeyPatch,
) -> None:
    with GraphServer({}, searched=used(28)) as server:
        settings_of.setenv("OOTT_GRAPH_URL", server.url)
        result = CliRunner().invoke(main)

    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "28 of 30 hashtags are used this week, 2 are free"
    assert lines[1] == "fit, all of them together: hongdae (홍대), yeonnam-dong (연남동)"
    assert lines[2].startswith("must wait: myeong-dong (명동), ikseon-dong (익선동)")


def test_the_command_says_what_is_wrong_in_one_sentence(settings_of: pytest.MonkeyPatch) -> None:
    settings_of.delenv("OOTT_GRAPH_TOKEN")

    result = CliRunner().invoke(main)

    assert result.exit_code == 1
    assert result.output == (
        "Error: OOTT_GRAPH_USER and OOTT_GRAPH_TOKEN are needed; one is not set\n"
    )


def test_the_source_that_settings_name_remembers_ids_at_home(
    settings_of: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings_of.setenv("OOTT_REQUEST_INTERVAL_SECONDS", "0")
    with GraphServer({"홍대": [FakePost("A")]}) as server:
        settings_of.setenv("OOTT_GRAPH_URL", server.url)

        assert shortcodes(graph_api_of(PhotoSettings(), ALL)) == ["A"]

    assert (tmp_path / ".oott" / "hashtag-ids.json").is_file()
