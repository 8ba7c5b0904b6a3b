"""Alarms arrive at a real webhook and a real mail server, once, also after these were down."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from oott_assets.alarms.alarm_sensors import (
    MAX_MESSAGES,
    mail_alarms_sensor,
    webhook_alarms_sensor,
)
from oott_assets.failure_rules import PERMANENT, failures_of
from oott_assets.partitions import destinations
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.trend_tables import Coverage, TrendSlice
from tests.oott_assets.alarms.alarm_servers import MailServer, Webhook, serving
from tests.oott_assets.sensor_ticks import tick

# In this month, the month before is not late yet.
SECOND = datetime(2026, 10, 2, 12, tzinfo=UTC)
THIRD = datetime(2026, 10, 3, 0, 0, 1, tzinfo=UTC)
SEPTEMBER = date(2026, 9, 1)


@dg.asset
def photos(context: dg.AssetExecutionContext) -> None:
    """Fails as a rule says."""
    with failures_of(context, {ConnectionError: PERMANENT}):
        raise ConnectionError("the site <blocks> the account; log in again")


@dg.asset
def counts() -> None:
    """Fails with an error that nobody expects."""
    raise RuntimeError("mysql://user:hunter2@db")


@dg.asset
def trends() -> None:
    """Succeeds."""


@dg.asset_check(asset=trends)
def sums_agree() -> dg.AssetCheckResult:
    """Fails."""
    return dg.AssetCheckResult(passed=False, metadata={"expected": 5, "found": 4, "note": "x"})


@dg.asset_check(asset=trends)
def enough_garments() -> dg.AssetCheckResult:
    """Warns."""
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


PIPELINE = dg.Definitions(
    assets=[photos, counts, trends],
    asset_checks=[sums_agree, enough_garments],
    jobs=[
        dg.define_asset_job(f"{asset.key.to_user_string()}_job", [asset])
        for asset in (photos, counts, trends)
    ],
)


class Clock:
    """The time of the sensors."""

    now = SECOND

    def __call__(self) -> datetime:
        return self.now


class Alarms(NamedTuple):
    """Dagster's records, and where the alarms about them arrive."""

    records: dg.DagsterInstance
    webhook: Webhook
    mail: MailServer
    clock: Clock

    def fail(self, job: str, tags: dict[str, str] | None = None) -> str:
        """Run a job and give the link to its run."""
        run = PIPELINE.resolve_job_def(job).execute_in_process(
            instance=self.records,
            raise_on_error=False,
            tags=tags,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        return f"https://ui.example/dagster/runs/{run.run_id}"

    def post(self, cursor: str | None, minutes: float = 1) -> tuple[str, str]:
        """Tick after ``minutes``; give the new cursor and what the sensor says."""
        self.clock.now += timedelta(minutes=minutes)
        done = tick(webhook_alarms_sensor, self.records, cursor)
        assert done.cursor is not None
        return done.cursor, done.skipped or ""

    def send(self, cursor: str | None) -> str:
        done = tick(mail_alarms_sensor, self.records, cursor)
        assert done.cursor is not None
        return done.cursor


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Webhook, MailServer]]:
    webhook, mail = Webhook(), MailServer()
    with serving(webhook), serving(mail):
        yield webhook, mail


@pytest.fixture
def alarms(
    servers: tuple[Webhook, MailServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Alarms]:
    webhook, mail = servers
    webhook.texts, webhook.status = [], 200
    mail.mails, mail.recipients, mail.log_ins, mail.is_full = [], [], [], False
    clock = Clock()
    monkeypatch.setattr("oott_assets.alarms.alarm_sensors._clock", clock)
    monkeypatch.setenv("OOTT_HOME", str(tmp_path))
    monkeypatch.setenv("OOTT_TIMEZONE", "UTC")
    monkeypatch.setenv("OOTT_UI_URL", "https://ui.example/dagster/")
    monkeypatch.setenv("OOTT_ALARM_WEBHOOK", webhook.url)
    monkeypatch.setenv("OOTT_ALARM_MAIL_TO", "a@example.org, b@example.org")
    monkeypatch.setenv("OOTT_ALARM_MAIL_FROM", "oott@example.org")
    monkeypatch.setenv("OOTT_MAIL_SERVER", mail.address)
    monkeypatch.setenv("OOTT_MAIL_ENCRYPTION", "none")
    with dg.DagsterInstance.ephemeral() as records:
        yield Alarms(records, webhook, mail, clock)


@pytest.fixture
def started(alarms: Alarms) -> str:
    """Give the cursor after the first tick."""
    return alarms.post(None)[0]


def test_a_failed_run_is_posted_once_with_its_sentence_and_link(
    alarms: Alarms, started: str
) -> None:
    link = alarms.fail("photos_job", tags={"dagster/partition": "hongdae|2026-09"})

    cursor, _ = alarms.post(started)
    alarms.post(cursor)

    assert alarms.webhook.texts == [
        "photos_job (hongdae|2026-09) failed: the site &lt;blocks&gt; the account; log in again\n"
        f"{link}"
    ]


def test_a_failed_run_is_mailed_once_with_its_sentence_and_link(alarms: Alarms) -> None:
    cursor = alarms.send(None)
    link = alarms.fail("photos_job")

    alarms.send(alarms.send(cursor))

    [mail] = alarms.mail.mails
    sentence = "photos_job failed: the site <blocks> the account; log in again"
    assert mail["Subject"] == f"OOTT: {sentence}"
    assert mail.get_content() == f"{sentence}\n\n{link}\n"
    assert (mail["From"], mail["To"]) == ("oott@example.org", "a@example.org, b@example.org")
    assert alarms.mail.recipients == ["a@example.org", "b@example.org"]


def test_a_failed_check_is_an_alarm_and_a_warning_is_none(alarms: Alarms, started: str) -> None:
    mailed = alarms.send(None)
    link = alarms.fail("trends_job", tags={"dagster/partition": "hongdae|2026-09"})

    alarms.post(started)
    alarms.send(mailed)

    sentence = "check sums_agree of trends (hongdae|2026-09) failed: expected 5, found 4"
    assert alarms.webhook.texts == [f"{sentence}\n{link}"]
    assert [mail.get_content() for mail in alarms.mail.mails] == [f"{sentence}\n\n{link}\n"]


def count_september(*, without: tuple[str, ...]) -> None:
    with TrendDatabase().tables() as tables:
        for slug in destinations.slugs:
            if slug not in without:
                category = destinations.destination(slug).category.slug
                slice_ = TrendSlice(SEPTEMBER, slug, category, "crawl")
                tables.replace(slice_, Counter(), Counter(), Coverage(0, 0, "1"), SECOND)


def test_a_month_is_late_on_the_third_and_that_is_said_once(alarms: Alarms, started: str) -> None:
    count_september(without=("hongdae", "haeundae"))
    mailed = alarms.send(None)
    alarms.clock.now = THIRD - timedelta(minutes=2)

    second, _ = alarms.post(started)
    before = list(alarms.webhook.texts)
    third, _ = alarms.post(second)
    alarms.post(third)
    alarms.send(mailed)

    sentence = (
        f"2026-09 is late: 2 of {len(destinations.slugs)} destinations are not counted "
        "(hongdae, haeundae)"
    )
    link = "https://ui.example/dagster/assets/garment_trends?view=partitions"
    assert before == []
    assert alarms.webhook.texts == [f"{sentence}\n{link}"]
    assert [mail.get_content() for mail in alarms.mail.mails] == [f"{sentence}\n\n{link}\n"]


def test_a_month_that_is_counted_by_the_third_is_not_late(alarms: Alarms, started: str) -> None:
    count_september(without=())
    alarms.clock.now = THIRD

    alarms.post(started)

    assert alarms.webhook.texts == []


def test_failed_runs_are_told_while_the_trend_database_is_down(
    alarms: Alarms, started: str, tmp_path: Path
) -> None:
    (tmp_path / "trends.sqlite").write_bytes(b"not a database" * 100)
    alarms.clock.now = THIRD
    alarms.fail("photos_job")

    alarms.post(started)

    assert len(alarms.webhook.texts) == 1


@pytest.mark.parametrize("status", [500, 404, 302, None])
def test_an_alarm_arrives_after_the_webhook_was_broken(
    alarms: Alarms, started: str, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oott_assets.alarms.alarm_sensors.SERVER_SECONDS", 0.2)
    alarms.webhook.status = status
    alarms.fail("photos_job")
    alarms.fail("trends_job")

    began = time.monotonic()
    broken, problem = alarms.post(started)
    took = time.monotonic() - began
    tried = len(alarms.webhook.texts)
    alarms.webhook.texts, alarms.webhook.status = [], 200
    mended, _ = alarms.post(broken)
    alarms.post(mended)

    assert tried == 1
    assert took < 5
    answer = f"answered {status}" if status else "did not answer in time"
    assert problem == f"the webhook at 127.0.0.1 {answer}; waiting alarms: 2"
    assert [text.split()[:2] for text in alarms.webhook.texts] == [
        ["photos_job", "failed:"],
        ["check", "sums_agree"],
    ]


def test_nothing_listens_at_the_webhook(
    alarms: Alarms, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms.fail("photos_job")
    monkeypatch.setenv("OOTT_ALARM_WEBHOOK", "http://127.0.0.1:9/webhook-secret")

    _, problem = alarms.post(started)

    assert problem == "the webhook at 127.0.0.1 failed: ConnectError; waiting alarms: 1"


def test_a_broken_webhook_is_tried_less_and_less_and_the_alarm_given_up_after_three_days(
    alarms: Alarms, started: str, capfd: pytest.CaptureFixture[str]
) -> None:
    count_september(without=())
    alarms.webhook.status = 500
    link = alarms.fail("photos_job")
    cursor, answers = started, list[str]()
    for _ in range(8):
        cursor, answer = alarms.post(cursor)
        answers.append(answer)
    soon = len(alarms.webhook.texts)
    for _ in range(24):
        cursor, answer = alarms.post(cursor, minutes=241)
        answers.append(answer)

    # At minutes 1, 2, 4 and 8, and then every 4 hours for three days.
    assert soon == 4
    assert len(alarms.webhook.texts) == 4 + 17
    assert answers[2] == "the webhook at 127.0.0.1 answered 500; the next try is at 12:05 UTC"
    assert "the webhook at 127.0.0.1 answered 500 for three days; alarms given up: 1" in answers
    assert f"given up: photos_job failed: the site <blocks> the account; log in again {link}" in (
        capfd.readouterr().err
    )
    assert answers[-1] == "messages sent: 0"


def test_a_mail_server_that_is_full_gets_the_mail_later(alarms: Alarms) -> None:
    cursor = alarms.send(None)
    alarms.fail("photos_job")
    alarms.mail.is_full = True

    full = alarms.send(cursor)
    alarms.clock.now += timedelta(minutes=1)
    alarms.mail.is_full = False
    alarms.send(full)

    assert "the mail server failed: SMTPRecipientsRefused" in full
    assert len(alarms.mail.mails) == 1


def test_no_password_is_sent_without_encryption(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = alarms.send(None)
    alarms.fail("photos_job")
    monkeypatch.setenv("OOTT_MAIL_ENCRYPTION", "starttls")
    monkeypatch.setenv("OOTT_MAIL_USER", "oott")
    monkeypatch.setenv("OOTT_MAIL_PASSWORD", "mail-secret")

    after = alarms.send(cursor)

    assert "SMTPNotSupportedError" in after
    assert alarms.mail.log_ins == []
    assert alarms.mail.mails == []


def test_many_failures_at_once_are_one_message(alarms: Alarms, started: str) -> None:
    links = [alarms.fail("photos_job") for _ in range(MAX_MESSAGES + 1)]

    cursor, _ = alarms.post(started)
    alarms.post(cursor)

    [text] = alarms.webhook.texts
    assert text.startswith("6 alarms at once, the first of them: photos_job failed: the site")
    assert text.endswith(links[0])


def test_a_run_that_dagster_starts_again_is_no_alarm(alarms: Alarms, started: str) -> None:
    alarms.fail("photos_job", tags={"dagster/will_retry": "true"})

    alarms.post(started)

    assert alarms.webhook.texts == []


def test_a_killed_run_is_an_alarm_with_the_words_of_dagster(alarms: Alarms, started: str) -> None:
    job = PIPELINE.resolve_implicit_global_asset_job_def()
    run = alarms.records.create_run_for_job(
        job, asset_selection=frozenset([photos.key, trends.key])
    )
    alarms.records.report_run_failed(run, "process 7 of this run was killed\nmore")

    alarms.post(started)

    assert alarms.webhook.texts == [
        "photos, trends failed: process 7 of this run was killed\n"
        f"https://ui.example/dagster/runs/{run.run_id}"
    ]


def test_no_secret_is_in_an_alarm_the_cursor_or_the_log(
    alarms: Alarms, started: str, capfd: pytest.CaptureFixture[str]
) -> None:
    alarms.fail("counts_job")
    capfd.readouterr()
    alarms.webhook.status = 500

    said = [*alarms.post(started), capfd.readouterr().err, *alarms.webhook.texts]

    assert "counts_job failed: unexpected RuntimeError in step counts" in alarms.webhook.texts[0]
    assert not [text for text in said if "hunter2" in text or "webhook-secret" in text]


def test_what_happened_before_the_first_tick_or_without_a_setting_is_not_sent(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms.fail("photos_job")
    cursor, _ = alarms.post(None)
    monkeypatch.delenv("OOTT_ALARM_WEBHOOK")
    off, said = alarms.post(cursor)
    alarms.fail("photos_job")
    monkeypatch.setenv("OOTT_ALARM_WEBHOOK", alarms.webhook.url)
    alarms.post(off)

    assert said == "OOTT_ALARM_WEBHOOK is not set"
    assert alarms.webhook.texts == []


def test_the_sensors_are_on_by_default() -> None:
    for sensor in (webhook_alarms_sensor, mail_alarms_sensor):
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
