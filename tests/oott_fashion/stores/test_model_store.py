import hashlib
import json
import logging
import os
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import BlobChanged, LocalBlobs
from oott_fashion.stores.detector_card import (
    BadDetector,
    DetectorCard,
    PublishedDetector,
    read_card,
)
from oott_fashion.stores.gcs_blobs import GcsBlobs
from oott_fashion.stores.model_store import ModelStore, NoDetector
from tests.damaged_files import damaged
from tests.databases import in_processes, kill_when_ready
from tests.object_store import Bucket

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STARTER = Path(__file__).parents[3] / "models" / "starter-detector"


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def detector(folder: Path, content: bytes = b"network") -> Path:
    """Write a fake ONNX file; the store does not read its content."""
    file = folder / f"{hashlib.sha256(content).hexdigest()[:8]}.onnx"
    file.write_bytes(content)
    return file


def card(content: bytes = b"network", **changed: Any) -> DetectorCard:
    facts: dict[str, Any] = {
        "garments": GARMENT_NAMES,
        "image_side": 320,
        "trained_on": "nothing",
        "metrics": {"drawn": {"mAP50": 0.5}},
        "parity": 0.01,
        "engine": "onnxruntime",
        "sha256": hashlib.sha256(content).hexdigest(),
        "created": NOON,
    }
    return DetectorCard(**{**facts, **changed})


def file_of(folder: Path, content: bytes) -> Path:
    file = folder / "given.pt"
    file.write_bytes(content)
    return file


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def folder_of(store: ModelStore, version: str) -> Path:
    return Path(store.root) / "garment-detector" / version


def test_the_error_of_an_empty_store_says_where_and_what_to_do(store: ModelStore) -> None:
    for look in (store.latest, store.latest_version):
        with pytest.raises(NoDetector) as missing:
            look()

        assert f"{store.root}/garment-detector/latest.json does not exist" in str(missing.value)
        assert "publish one, set OOTT_MODEL_STORE to a store that has one" in str(missing.value)


def test_a_published_detector_is_the_latest(store: ModelStore, tmp_path: Path) -> None:
    published = store.publish(detector(tmp_path), card(), by="a test")

    assert published == store.latest()
    assert published.version == store.latest_version()
    assert published.onnx.read_bytes() == b"network"
    assert published.card == card()


def test_the_store_has_its_documented_layout(store: ModelStore, tmp_path: Path) -> None:
    with_weights = card(weights_sha256=sha256_of(b"weights"))
    weights = file_of(tmp_path, b"weights")
    version = store.publish(
        detector(tmp_path), with_weights, by="ada", reason="it is prettier", weights=weights
    ).version

    folder = Path(store.root) / "garment-detector"
    assert version == f"20261120T120000Z-{card().sha256[:8]}"
    assert json.loads((folder / "latest.json").read_text()) == {"version": version}
    assert (folder / version / "detector.onnx").read_bytes() == b"network"
    assert (folder / version / "weights.pt").read_bytes() == b"weights"
    assert json.loads((folder / version / "card.json").read_text())["image_side"] == 320
    [publication] = json.loads((folder / "publications.json").read_text())
    assert publication.pop("at")
    assert publication == {"version": version, "by": "ada", "reason": "it is prettier"}


def test_a_later_detector_becomes_the_latest_and_the_older_is_kept(
    store: ModelStore, tmp_path: Path
) -> None:
    older = store.publish(detector(tmp_path), card(), by="a test")
    better = card(b"better", created=NOON + timedelta(days=1))

    store.publish(detector(tmp_path, b"better"), better, by="a test")

    assert store.latest().onnx.read_bytes() == b"better"
    assert older.onnx.read_bytes() == b"network"


def test_an_older_detector_can_be_published_again(store: ModelStore, tmp_path: Path) -> None:
    store.publish(detector(tmp_path), card(), by="a test")
    store.publish(
        detector(tmp_path, b"worse"), card(b"worse", created=NOON + timedelta(days=1)), by="a test"
    )

    store.publish(detector(tmp_path), card(), by="a test")

    assert store.latest().card == card()


def test_the_history_says_who_published_what_in_which_order(
    store: ModelStore, tmp_path: Path
) -> None:
    better = card(b"better", created=NOON + timedelta(days=1))
    assert store.history() == []

    store.latest_or_starter(_starter_in(tmp_path))
    store.publish(detector(tmp_path, b"better"), better, by="garment_onnx in run 1a2b3c4d")
    store.publish(detector(tmp_path), card(), by="user ada", reason="it missed coats")

    assert [(entry.version, entry.by, entry.reason) for entry in store.history()] == [
        (card().version, "first reader of an empty store", None),
        (better.version, "garment_onnx in run 1a2b3c4d", None),
        (card().version, "user ada", "it missed coats"),
    ]
    assert all(datetime.now(UTC) - entry.at < timedelta(minutes=1) for entry in store.history())


def test_two_publications_at_the_same_time_are_both_in_the_history(
    store: ModelStore, tmp_path: Path
) -> None:
    def publish(number: int) -> None:
        content = f"network {number}".encode()
        store.publish(detector(tmp_path, content), card(content), by=f"user {number}")

    assert in_processes(4, publish) == [0] * 4

    assert {entry.by for entry in store.history()} == {f"user {number}" for number in range(4)}
    assert store.latest().version == store.history()[-1].version


def test_a_damaged_history_stops_a_publication_before_the_pointer_moves(
    store: ModelStore, tmp_path: Path
) -> None:
    store.publish(detector(tmp_path), card(), by="a test")
    LocalBlobs(store.root).write("garment-detector/publications.json", b"[{]")

    with pytest.raises(BadDetector, match="not a list of publications; correct it, or move it"):
        store.publish(
            detector(tmp_path, b"new"), card(b"new", created=NOON + timedelta(days=1)), by="a test"
        )

    assert store.latest().card == card()


def test_weights_that_do_not_belong_to_the_card_are_not_published(
    store: ModelStore, tmp_path: Path
) -> None:
    weights = file_of(tmp_path, b"weights")
    with_weights = card(weights_sha256=sha256_of(b"weights"))

    for wrong in (card(), card(weights_sha256=sha256_of(b"other"))):
        with pytest.raises(BadDetector, match="do not belong to its card: their sha256 is"):
            store.publish(detector(tmp_path), wrong, by="a test", weights=weights)
    with pytest.raises(BadDetector, match="do not belong to its card: their sha256 is None"):
        store.publish(detector(tmp_path), with_weights, by="a test")

    with pytest.raises(NoDetector):
        store.latest()


def test_damaged_weights_are_rejected_but_the_detector_can_still_be_used(
    store: ModelStore, tmp_path: Path
) -> None:
    published = store.publish(
        detector(tmp_path),
        card(weights_sha256=sha256_of(b"weights")),
        by="a test",
        weights=file_of(tmp_path, b"weights"),
    )
    weights = published.verified_weights()
    assert weights is not None
    weights.write_bytes(b"weight")

    with pytest.raises(BadDetector, match=f"{weights} is damaged: its sha256 is"):
        store.latest().verified_weights()


def test_the_weights_of_the_starter_detector_are_published_with_it(
    store: ModelStore, tmp_path: Path
) -> None:
    starter = _starter_in(tmp_path)
    (starter / "weights.pt").write_bytes(b"weights")
    with_weights = card(weights_sha256=sha256_of(b"weights"))
    (starter / "card.json").write_text(with_weights.model_dump_json())

    weights = store.latest_or_starter(starter).verified_weights()

    assert weights == folder_of(store, with_weights.version) / "weights.pt"
    assert weights.read_bytes() == b"weights"


def test_a_card_of_an_older_oott_has_no_weights_and_no_licence(tmp_path: Path) -> None:
    older = json.loads(card().model_dump_json())
    del older["weights_sha256"], older["licence"]
    (tmp_path / "card.json").write_text(json.dumps(older))

    read = read_card(tmp_path / "card.json")

    assert (read.weights_sha256, read.licence) == (None, None)
    onnx = detector(tmp_path)
    assert PublishedDetector.verified(onnx, read).verified_weights() is None


def test_versions_sort_by_creation_across_time_zones() -> None:
    seoul = timezone(timedelta(hours=9))
    nine_in_seoul = card(created=datetime(2026, 11, 20, 9, tzinfo=seoul))
    one_utc = card(created=datetime(2026, 11, 20, 1, tzinfo=UTC))

    assert nine_in_seoul.version.startswith("20261120T000000Z-")
    assert nine_in_seoul.version < one_utc.version


def test_a_detector_made_again_has_another_version() -> None:
    assert card().version != card(created=NOON + timedelta(seconds=1)).version
    assert card().version != card(b"another").version


def test_a_card_without_a_time_zone_is_rejected() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        card(created=datetime(2026, 11, 20))


def test_publishing_is_logged(
    store: ModelStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "oott_fashion")

    store.publish(detector(tmp_path), card(), by="a test")

    assert caplog.messages == [f"published detector {card().version} in {store.root}"]


def test_a_file_with_another_hash_than_its_card_is_not_published(
    store: ModelStore, tmp_path: Path
) -> None:
    store.publish(detector(tmp_path), card(), by="a test")

    with pytest.raises(BadDetector, match=r"is damaged: its sha256 is .*; publish the detector"):
        store.publish(
            detector(tmp_path, b"networm"), card(created=NOON + timedelta(days=1)), by="a test"
        )

    assert store.latest().card == card()


@pytest.mark.parametrize(
    ("garments", "message"),
    [
        (GARMENT_NAMES[:23], r"trained on 23 garments \(the first 23 are correct\); expected OOTT"),
        ((*GARMENT_NAMES, "kilt"), r"trained on 25 garments \(the first 24 are correct\)"),
        (("coat", *GARMENT_NAMES[1:]), "class 0 is 'coat', expected 'blazer'"),
        ((*GARMENT_NAMES[:22], "sandals", "dress shoes"), "class 22 is 'sandals', expected"),
        ((), r"trained on 0 garments \(the first 0 are correct\)"),
    ],
)
def test_a_detector_of_other_garments_is_not_published(
    garments: tuple[str, ...], message: str, store: ModelStore, tmp_path: Path
) -> None:
    with pytest.raises(BadDetector, match=message):
        store.publish(detector(tmp_path), card(garments=garments), by="a test")

    with pytest.raises(NoDetector):
        store.latest()


def test_a_damaged_detector_is_rejected(store: ModelStore, tmp_path: Path) -> None:
    onnx = store.publish(detector(tmp_path), card(), by="a test").onnx
    onnx.write_bytes(b"networm")

    with pytest.raises(BadDetector, match=f"{onnx} is damaged: its sha256 is"):
        store.latest()


@pytest.mark.parametrize("name", ["detector.onnx", "card.json"])
def test_a_file_without_an_end_is_not_read(name: str, store: ModelStore, tmp_path: Path) -> None:
    file = folder_of(store, store.publish(detector(tmp_path), card(), by="a test").version) / name
    os.truncate(file, 2**30 + 1)
    with pytest.raises(BadDetector, match=f"{file} is no regular file of at most 1024 MB"):
        store.latest()

    file.unlink()
    os.mkfifo(file)  # reading it would wait for a writer
    with pytest.raises(BadDetector, match=f"{file} is no regular file"):
        store.latest()


@pytest.mark.parametrize("name", ["detector.onnx", "card.json"])
def test_the_error_for_a_missing_file_names_it(
    name: str, store: ModelStore, tmp_path: Path
) -> None:
    file = folder_of(store, store.publish(detector(tmp_path), card(), by="a test").version) / name
    file.unlink()

    with pytest.raises(BadDetector, match=f"cannot read {file}: No such file"):
        store.latest()


@pytest.mark.parametrize(
    "pointer", [b"", b"{}", b'{"version": "../../elsewhere"}', b'{"version": ""}', b"\xff\xfe"]
)
def test_a_damaged_pointer_is_rejected(pointer: bytes, store: ModelStore, tmp_path: Path) -> None:
    store.publish(detector(tmp_path), card(), by="a test")
    LocalBlobs(store.root).write("garment-detector/latest.json", pointer)

    for look in (store.latest, store.latest_version):
        with pytest.raises(BadDetector, match=r"latest\.json has no valid version; publish"):
            look()


@pytest.mark.parametrize(
    "interrupted",
    ["weights.pt", "detector.onnx", "card.json", "publications.json", "latest.json"],
)
def test_an_interrupted_publication_keeps_the_previous_detector(
    interrupted: str, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(detector(tmp_path), card(), by="a test")
    write = LocalBlobs.write

    def write_or_fail(blobs: LocalBlobs, name: str, content: bytes) -> str:
        if name.endswith(interrupted):
            raise OSError("the power failed")
        return write(blobs, name, content)

    monkeypatch.setattr(LocalBlobs, "write", write_or_fail)
    new = card(b"new", created=NOON + timedelta(days=1), weights_sha256=sha256_of(b"weights"))
    weights = file_of(tmp_path, b"weights")
    with pytest.raises(OSError, match="the power failed"):
        store.publish(detector(tmp_path, b"new"), new, by="a test", weights=weights)

    assert store.latest().card == card()


@pytest.mark.parametrize("killed_at", ["card.json", "publications.json", "latest.json"])
def test_after_a_publication_was_killed_the_next_one_works(
    killed_at: str, store: ModelStore, tmp_path: Path
) -> None:
    store.publish(detector(tmp_path), card(), by="a test")
    onnx, new = detector(tmp_path, b"new"), card(b"new", created=NOON + timedelta(days=1))

    def publish(block: Callable[[], None]) -> None:
        write = LocalBlobs.write

        def write_or_block(blobs: LocalBlobs, name: str, content: bytes) -> str:
            if name.endswith(killed_at):
                block()
            return write(blobs, name, content)

        pytest.MonkeyPatch().setattr(LocalBlobs, "write", write_or_block)
        store.publish(onnx, new, by="killed")

    kill_when_ready(publish)

    assert store.latest().card == card()
    assert store.publish(onnx, new, by="again").card == new
    assert store.latest().card == new
    assert [entry.by for entry in store.history() if entry.by != "killed"] == ["a test", "again"]


def test_an_earlier_version_is_made_the_latest_again(store: ModelStore, tmp_path: Path) -> None:
    older = store.publish(detector(tmp_path), card(), by="a test")
    newer = card(b"newer", created=NOON + timedelta(days=1))
    store.publish(detector(tmp_path, b"newer"), newer, by="a test")

    assert store.make_latest(older.version, by="user ada", reason="it missed coats") == older

    assert store.latest() == older
    assert store.versions() == [older.version, newer.version]
    assert (store.history()[-1].by, store.history()[-1].reason) == ("user ada", "it missed coats")


def test_a_missing_or_damaged_version_is_not_made_the_latest(
    store: ModelStore, tmp_path: Path
) -> None:
    older = store.publish(detector(tmp_path), card(), by="a test")
    newer = card(b"newer", created=NOON + timedelta(days=1))
    store.publish(detector(tmp_path, b"newer"), newer, by="a test")
    older.onnx.write_bytes(b"networm")

    for version in (older.version, "20200101T000000Z-00000000"):
        with pytest.raises(BadDetector):
            store.make_latest(version, by="a test")

    assert store.latest().card == newer
    assert len(store.history()) == 2


def test_the_starter_detector_is_published_in_an_empty_store(
    store: ModelStore, tmp_path: Path
) -> None:
    starter = _starter_in(tmp_path)

    assert store.latest_or_starter(starter).onnx.read_bytes() == b"network"

    assert store.latest().card == card()


def test_the_starter_detector_does_not_replace_another(store: ModelStore, tmp_path: Path) -> None:
    mine = card(b"mine", created=NOON - timedelta(days=365))
    store.publish(detector(tmp_path, b"mine"), mine, by="a test")

    assert store.latest_or_starter(_starter_in(tmp_path)).card == mine


def test_the_starter_detector_does_not_hide_a_damaged_one(
    store: ModelStore, tmp_path: Path
) -> None:
    store.publish(detector(tmp_path), card(), by="a test").onnx.write_bytes(b"networm")

    with pytest.raises(BadDetector, match="is damaged"):
        store.latest_or_starter(_starter_in(tmp_path))


@pytest.mark.parametrize("starter", ["starter", "nowhere"])
def test_a_store_without_its_pointer_is_not_reset_to_the_starter(
    starter: str, store: ModelStore, tmp_path: Path
) -> None:
    mine = store.publish(detector(tmp_path, b"mine"), card(b"mine"), by="a test").version
    pointer = Path(store.root) / "garment-detector" / "latest.json"
    pointer.unlink()
    _starter_in(tmp_path)

    with pytest.raises(BadDetector, match=f"json is missing, but detector {mine}") as error:
        store.latest_or_starter(tmp_path / starter)

    assert not pointer.exists()
    pointer.write_text(str(error.value).split("or write ")[1].removesuffix(" into it"))
    assert store.latest().version == mine


def test_an_interrupted_publication_of_the_starter_is_repeated(
    store: ModelStore, tmp_path: Path
) -> None:
    starter = _starter_in(tmp_path)
    store.latest_or_starter(starter)
    (Path(store.root) / "garment-detector" / "latest.json").unlink()

    assert store.latest_or_starter(starter).card == card()


def test_the_files_of_a_killed_publication_are_not_a_detector(
    store: ModelStore, tmp_path: Path
) -> None:
    LocalBlobs(store.root).write("garment-detector/20261120T120000Z-0/detector.onnx", b"net")

    assert store.latest_or_starter(_starter_in(tmp_path)).card == card()


def test_several_processes_can_publish_the_starter_at_the_same_time(
    store: ModelStore, tmp_path: Path
) -> None:
    starter = _starter_in(tmp_path)

    assert in_processes(4, lambda _: store.latest_or_starter(starter)) == [0] * 4


def test_a_reader_waits_for_a_running_publication(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = card(b"mine", created=NOON - timedelta(days=365))
    starter = _starter_in(tmp_path)
    write = LocalBlobs.write
    with ThreadPoolExecutor(1) as pool:
        readers: list[Future[PublishedDetector]] = []

        def write_once_read(blobs: LocalBlobs, name: str, content: bytes) -> str:
            if not readers:
                readers.append(pool.submit(store.latest_or_starter, starter))
                wait(readers, timeout=0.3)
            return write(blobs, name, content)

        monkeypatch.setattr(LocalBlobs, "write", write_once_read)
        store.publish(detector(tmp_path, b"mine"), mine, by="a test")

        assert readers[0].result().card == mine
    assert store.latest().card == mine


def test_a_folder_with_another_name_than_its_version_is_rejected(
    store: ModelStore, tmp_path: Path
) -> None:
    version = store.publish(detector(tmp_path), card(), by="a test").version
    folder_of(store, version).rename(folder_of(store, "mine"))
    LocalBlobs(store.root).write("garment-detector/latest.json", b'{"version": "mine"}')

    with pytest.raises(BadDetector, match=f"garment-detector/mine contains detector {version}"):
        store.latest()


def test_the_error_without_any_detector_names_both_places(
    store: ModelStore, tmp_path: Path
) -> None:
    with pytest.raises(NoDetector) as missing:
        store.latest_or_starter(tmp_path / "nowhere")

    assert f"{store.root}/garment-detector/latest.json does not exist" in str(missing.value)
    assert str(missing.value).endswith(f"detector has no {tmp_path / 'nowhere' / 'card.json'}")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"image_side": 320}'])
def test_the_error_for_a_file_that_is_not_a_card_names_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(content)

    with pytest.raises(BadDetector, match=f"{file} is not a detector card"):
        read_card(file)


@pytest.mark.parametrize("name", ["latest.json", "VERSION/card.json", "publications.json"])
def test_a_damaged_file_is_one_sentence_that_names_it_and_says_what_to_do(
    name: str, store: ModelStore, tmp_path: Path
) -> None:
    version = store.publish(detector(tmp_path), card(), by="a test").version
    file = Path(store.root) / "garment-detector" / name.replace("VERSION", version)

    messages = []
    for content in damaged(file.read_bytes()):
        file.write_bytes(content)
        try:
            store.latest()
            store.history()
        except BadDetector as error:
            messages.append(str(error))

    assert len(messages) > 25
    for message in messages:
        assert str(file.parent) in message or version in message
        assert re.fullmatch(".*; (publish .*|correct it, or move it away .*|train it .*)", message)


@pytest.mark.parametrize(
    ("field", "value"),
    [("image_side", 0), ("parity", -1), ("sha256", "F" * 64), ("kilts", 1), ("created", "soon")],
)
def test_the_error_for_an_invalid_card_names_the_field(
    field: str, value: object, tmp_path: Path
) -> None:
    file = tmp_path / "card.json"
    file.write_text(json.dumps({**json.loads(card().model_dump_json()), field: value}))

    with pytest.raises(BadDetector, match=f"{file} is not a detector card: {field} [A-Z]"):
        read_card(file)


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(card().model_dump_json())

    assert read_card(file) == card()


def test_a_detector_in_a_bucket_is_read_from_a_local_copy(bucket: Bucket, tmp_path: Path) -> None:
    with_weights = card(weights_sha256=sha256_of(b"weights"))
    weights = file_of(tmp_path, b"weights")
    root = f"{bucket.url}/models"
    ModelStore(root, tmp_path / "a").publish(
        detector(tmp_path), with_weights, by="ada", weights=weights
    )
    reader = ModelStore(root, tmp_path / "b")

    found = reader.latest()

    copied = found.verified_weights()
    assert copied is not None
    assert (found.card, copied.read_bytes()) == (with_weights, b"weights")
    assert found.onnx.is_relative_to(tmp_path / "b")
    assert [publication.by for publication in reader.history()] == ["ada"]
    folder = f"models/garment-detector/{found.version}"
    assert sorted(bucket.contents()) == [
        *(f"{folder}/{name}" for name in ("card.json", "detector.onnx", "weights.pt")),
        *(f"models/garment-detector/{name}" for name in ("latest.json", "publications.json")),
    ]
    found.onnx.write_bytes(b"networm")
    assert reader.latest().onnx.read_bytes() == b"network"
    # The copy is not fetched again, because its hash is in the card.
    bucket.client().bucket(bucket.name).blob(f"{folder}/detector.onnx").delete()
    assert reader.latest() == found
    with pytest.raises(BadDetector, match=rf"{folder}/detector.onnx does not exist; pub"):
        ModelStore(root, tmp_path / "c").latest()


def test_a_publication_in_a_bucket_does_not_overwrite_another_one(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (ModelStore(bucket.url, tmp_path / name) for name in ("a", "b"))
    better = card(b"better", created=NOON + timedelta(days=1))
    replace = GcsBlobs.replace

    def replace_after_them(blobs: GcsBlobs, name: str, content: bytes, version: str | None) -> str:
        monkeypatch.setattr(GcsBlobs, "replace", replace)
        theirs.publish(detector(tmp_path, b"better"), better, by="them")
        return replace(blobs, name, content, version)

    monkeypatch.setattr(GcsBlobs, "replace", replace_after_them)
    with pytest.raises(BlobChanged, match=r"publications\.json was changed by another process"):
        ours.publish(detector(tmp_path), card(), by="us")

    assert ours.latest().card == better
    assert ours.publish(detector(tmp_path), card(), by="us") == ours.latest()
    assert [publication.by for publication in theirs.history()] == ["them", "us"]


def test_several_services_can_start_with_an_empty_bucket(bucket: Bucket, tmp_path: Path) -> None:
    starter = _starter_in(tmp_path)
    stores = [ModelStore(bucket.url, tmp_path / str(number)) for number in range(4)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda store: store.latest_or_starter(starter).card, stores))

    assert found == [card()] * 4


@pytest.mark.parametrize("root", ["s3://key:secret@bucket", "file:///models"])
def test_a_model_store_is_a_folder_or_a_google_bucket(root: str) -> None:
    with pytest.raises(ValueError, match="use a folder or gs://BUCKET/PREFIX"):
        ModelStore(root)


def test_the_included_starter_detector_is_valid() -> None:
    found = PublishedDetector.verified(STARTER / "detector.onnx", read_card(STARTER / "card.json"))

    assert found.card.garments == GARMENT_NAMES


def _starter_in(folder: Path) -> Path:
    starter = folder / "starter"
    starter.mkdir()
    (starter / "detector.onnx").write_bytes(b"network")
    (starter / "card.json").write_text(card().model_dump_json())
    return starter


def test_the_version_published_last_is_the_first_to_fall_back_to(
    store: ModelStore, tmp_path: Path
) -> None:
    cards = [
        card(name, created=NOON + timedelta(days=day))
        for day, name in enumerate((b"a", b"b", b"c"))
    ]
    for each, content in zip(cards, (b"a", b"b", b"c"), strict=True):
        store.publish(detector(tmp_path, content), each, by="a test")
    first, second, third = (each.version for each in cards)
    store.make_latest(first, by="user ada")
    assert store.earlier_versions() == [third, second]

    LocalBlobs(store.root).write("garment-detector/latest.json", b"{}")
    assert store.earlier_versions() == [first, third, second]

    LocalBlobs(store.root).write("garment-detector/publications.json", b"{}")
    assert store.earlier_versions() == [third, second, first]
