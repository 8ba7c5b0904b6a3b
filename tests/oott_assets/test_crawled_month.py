"""One Dagster run crawls a month with a real browser and counts it in the trend tables."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from tests.instagram import faults
from tests.instagram.posts import make_post, make_posts
from tests.instagram.site import InstagramSite
from tests.object_store import Bucket
from tests.oott_assets.photos.sources.graph_server import TOKEN, USER, FakePost, GraphServer
from tests.oott_assets.trends_pipeline import SEPTEMBER, TrendsPipeline, metadata_of

PASSWORD = "open sesame in September"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[InstagramSite]:
    """Run a site with a month of posts, and set its address in the settings."""
    posts = make_posts(5, "홍대", SEPTEMBER, photos_each=(1, 2, 0))
    gone = make_post("removed", "홍대", posts[0].taken_at)
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "browser")
    monkeypatch.setenv("OOTT_INSTAGRAM_USER", "a.crawler")
    monkeypatch.setenv("OOTT_INSTAGRAM_PASSWORD", PASSWORD)
    monkeypatch.setenv("OOTT_REQUEST_INTERVAL_SECONDS", "0")
    with InstagramSite([*posts, gone], password=PASSWORD) as site:
        site.faults.on(gone.path, faults.gone)
        monkeypatch.setenv("OOTT_INSTAGRAM_URL", site.url)
        yield site


def assert_crawled(trends_pipeline: TrendsPipeline, run: dg.ExecuteInProcessResult) -> None:
    assert run.success
    rows = trends_pipeline.manifest()
    kept = [row for row in rows if row.kept]
    # The posts have 1, 2, 0, 1 and 2 photos; one more post was removed.
    assert [len(kept), len(rows)] == [6, 8]
    assert {row.state for row in rows} == {"kept", "no photo", "gone"}
    assert {row.hashtag for row in rows} == {"홍대"}
    assert all(row.taken_at for row in kept)
    for row in kept:
        with Image.open(io.BytesIO(trends_pipeline.stored().content(str(row.sha256)))) as photo:
            assert dict(photo.getexif()) == {}
            assert photo.size == (row.width, row.height)
    detections = trends_pipeline.detections()
    assert len(detections.readable) == 6
    assert sum(row.worn for row in trends_pipeline.rows()) == detections.garments > 0


def test_a_crawled_month_is_counted_and_shows_the_state_of_each_post(
    trends_pipeline: TrendsPipeline, site: InstagramSite, tmp_path: Path
) -> None:
    run = trends_pipeline.run()

    assert_crawled(trends_pipeline, run)
    shown = metadata_of(run, "instagram_images")
    assert "data:image/webp;base64," in str(shown["contact_sheet"])
    assert (shown["posts_listed"], shown["photos"]) == (6, 6)
    assert "removed | gone" in str(shown["left_out"])
    assert "| kept | 6 |" in str(shown["photos_and_posts_by_state"])
    assert len(site.requests_for("photo")) == 6
    texts = [event.message or "" for event in run.all_events] + [str(shown)]
    assert not any(PASSWORD in text for text in texts)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in stored


@pytest.fixture
def graph_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphServer]:
    """Run a Graph API with a month of posts, and set its address in the settings."""
    posts = make_posts(6, "홍대", SEPTEMBER)
    shown = [FakePost(post.shortcode, post.taken_at, [post.photos[0].jpeg()]) for post in posts]
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "graph_api")
    monkeypatch.setenv("OOTT_GRAPH_USER", USER)
    monkeypatch.setenv("OOTT_GRAPH_TOKEN", TOKEN)
    monkeypatch.setenv("OOTT_REQUEST_INTERVAL_SECONDS", "0")
    with GraphServer({"홍대": shown}) as server:
        monkeypatch.setenv("OOTT_GRAPH_URL", server.url)
        yield server


def test_a_month_from_the_graph_api_is_counted_in_an_object_store(
    trends_pipeline: TrendsPipeline,
    graph_server: GraphServer,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_STORE", f"{bucket.url}/oott")
    monkeypatch.setenv("OOTT_MODEL_STORE", f"{bucket.url}/models")

    run = trends_pipeline.run()

    assert run.success
    assert [row.shortcode for row in trends_pipeline.manifest()] == [
        post.shortcode for post in graph_server.posts["홍대"]
    ]
    detections = trends_pipeline.detections()
    assert len(detections.readable) == 6
    assert sum(row.worn for row in trends_pipeline.rows()) == detections.garments > 0
    kinds = sorted(name.split("/")[1] for name in bucket.contents() if name.startswith("oott/"))
    assert kinds == ["detections", "manifests", *["photos"] * 6]
    texts = [event.message or "" for event in run.all_events]
    assert not any(TOKEN in text for text in [*texts, str(metadata_of(run, "instagram_images"))])


_DETECT = """
import sys
from oott_assets.definitions import configured_resources, defs

events = []
sys.addaudithook(
    lambda event, arguments: events.append(event)
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind") else None
)
job = defs.resolve_job_def("monthly_trends_job").get_subset(op_selection=["garment_detections"])
job.execute_in_process(partition_key="hongdae|2026-09", resources=configured_resources())
print("network events:", events)
"""


def test_stored_photos_are_detected_again_without_a_network(
    trends_pipeline: TrendsPipeline, graph_server: GraphServer
) -> None:
    trends_pipeline.run(only="instagram_images")
    requests = len(graph_server.requests)

    run = subprocess.run(
        [sys.executable, "-c", _DETECT], capture_output=True, text=True, check=True, timeout=120
    )

    assert run.stdout.splitlines()[-1] == "network events: []"
    assert len(graph_server.requests) == requests > 0
    assert len(trends_pipeline.detections().readable) == 6
