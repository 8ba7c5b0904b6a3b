"""The sensors that send alarms: one to the webhook, and one by e-mail.

Each reads Dagster's records from where it has stopped. So an alarm that cannot be delivered waits
in the records, and is sent once by each sensor.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import BaseModel, ValidationError

from oott_assets.alarms.alarm import Alarm, Undelivered
from oott_assets.alarms.failure_alarms import failure_news, latest_record
from oott_assets.alarms.mail import send
from oott_assets.alarms.settings import AlarmSettings
from oott_assets.alarms.webhook import post
from oott_assets.time_limits import within
from oott_assets.trends.late_months import due_month, late_sentence, uncounted_destinations
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import read_settings
from oott_fashion.stores.trend_tables import TrendDatabaseError

# Dagster stops a tick after 60 seconds. The last message begins before 30 seconds.
SERVER_SECONDS = 10.0
_MESSAGE_SECONDS = 20.0
_TICK_SECONDS = 30.0

# If more alarms wait, for instance because the database was down in a backfill, one message with
# their number is sent.
MAX_MESSAGES = 5

_MAX_WAIT = timedelta(hours=4)
_GIVE_UP_AFTER = timedelta(days=3)

Send = Callable[[Alarm], None]


class Progress(BaseModel):
    """The cursor: what was sent, and since when nothing can be sent."""

    record_id: int
    late_month: date | None = None
    failing_since: datetime | None = None
    tries: int = 0
    next_try: datetime | None = None
    problem: str = ""

    @classmethod
    def read(cls, cursor: str | None) -> Self | None:
        """Read a cursor; None before the first tick and after a reset."""
        try:
            return cls.model_validate_json(cursor or "")
        except ValidationError:
            return None

    def delivered(self) -> Self:
        """Forget earlier failures."""
        return self.model_copy(
            update={"failing_since": None, "tries": 0, "next_try": None, "problem": ""}
        )

    def failed(self, problem: str, now: datetime) -> Self:
        """Wait 1, 2, 4, ... minutes, and at most 4 hours, before the next try."""
        wait = min(timedelta(minutes=2 ** min(self.tries, 12)), _MAX_WAIT)
        return self.model_copy(
            update={
                "failing_since": self.failing_since or now,
                "tries": self.tries + 1,
                "next_try": now + wait,
                "problem": problem,
            }
        )

    @property
    def is_given_up(self) -> bool:
        since, until = self.failing_since, self.next_try
        return since is not None and until is not None and until - since > _GIVE_UP_AFTER


class _News(NamedTuple):
    """Something that was found, the alarm about it if it needs one, and the progress after it."""

    alarm: Alarm | None
    after: dict[str, int | date]


def _clock() -> datetime:
    return datetime.now(UTC)


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def webhook_alarms_sensor(
    context: dg.SensorEvaluationContext, trend_database: TrendDatabase
) -> dg.SensorResult:
    """Posts each failed run, failed check and late month to OOTT_ALARM_WEBHOOK, once.

    If the webhook does not answer, the alarm is posted again after 1, 2, 4, ... minutes, for three
    days. Alarms about what happened before the first tick are not sent.
    """
    settings = read_settings(AlarmSettings)
    if settings.alarm_webhook is None:
        return _switched_off("OOTT_ALARM_WEBHOOK is not set")
    url = settings.alarm_webhook.get_secret_value()
    send_one = partial(post, url=url, seconds=SERVER_SECONDS)
    return _tick(context, trend_database, settings, send_one)


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def mail_alarms_sensor(
    context: dg.SensorEvaluationContext, trend_database: TrendDatabase
) -> dg.SensorResult:
    """Sends each failed run, failed check and late month to OOTT_ALARM_MAIL_TO, once.

    It repeats a message that the mail server does not take, as webhook_alarms_sensor does.
    """
    settings = read_settings(AlarmSettings)
    if not settings.mail_addresses:
        return _switched_off("OOTT_ALARM_MAIL_TO is not set")
    send_one = partial(send, settings=settings, seconds=SERVER_SECONDS)
    return _tick(context, trend_database, settings, send_one)


ALARM_SENSORS = [webhook_alarms_sensor, mail_alarms_sensor]


def _switched_off(reason: str) -> dg.SensorResult:
    # If the setting is set in a month, the alarms of today must not arrive. Dagster keeps the last
    # cursor if the new one is empty.
    return dg.SensorResult(skip_reason=reason, cursor="off")


def _tick(
    context: dg.SensorEvaluationContext,
    trend_database: TrendDatabase,
    settings: AlarmSettings,
    send_one: Send,
) -> dg.SensorResult:
    now = _clock()
    due = due_month(now.astimezone(ZoneInfo(settings.timezone)), settings.late_on_day)
    progress = Progress.read(context.cursor)
    if progress is None:
        progress = Progress(record_id=latest_record(context.instance), late_month=due)
        return _result(progress, "alarms begin with what happens from now on")
    if progress.next_try is not None and now < progress.next_try:
        return _result(
            progress, f"{progress.problem}; the next try is at {progress.next_try:%H:%M} UTC"
        )
    news = list(_news(context, trend_database, progress, due, settings.ui_url))
    waiting = sum(one.alarm is not None for one in news)
    sent, progress = _deliver(_shortened(news), progress, send_one, now)
    if progress.is_given_up:
        return _give_up(context, progress, news)
    if progress.problem:
        context.log.error("%s; waiting alarms: %d", progress.problem, waiting - sent)
        return _result(progress, f"{progress.problem}; waiting alarms: {waiting - sent}")
    return _result(progress, f"messages sent: {sent}")


def _give_up(
    context: dg.SensorEvaluationContext, progress: Progress, news: list[_News]
) -> dg.SensorResult:
    """Go on after the alarms that wait, and write them to the log of the tick."""
    lost = [one.alarm for one in news if one.alarm is not None]
    for alarm in lost:
        context.log.error("given up: %s %s", alarm.sentence, alarm.link)
    after = _after_all(news) | {"record_id": latest_record(context.instance)}
    summary = f"{progress.problem} for three days; alarms given up: {len(lost)}"
    return _result(progress.delivered().model_copy(update=after), summary)


def _result(progress: Progress, summary: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=summary, cursor=progress.model_dump_json())


def _news(
    context: dg.SensorEvaluationContext,
    trend_database: TrendDatabase,
    progress: Progress,
    month: date | None,
    ui_url: str,
) -> Iterator[_News]:
    for found in failure_news(context.instance, progress.record_id, ui_url):
        yield _News(found.alarm, {"record_id": found.record_id})
    if month is None or month == progress.late_month:
        return
    try:
        with trend_database.tables() as tables:
            uncounted = uncounted_destinations(tables, month)
    except TrendDatabaseError as error:
        # The alarms about failed runs must arrive while the database is down.
        context.log.warning("it is unknown whether %s is late: %s", f"{month:%Y-%m}", error)
        return
    link = f"{ui_url}/assets/garment_trends?view=partitions"
    alarm = Alarm.about(late_sentence(month, uncounted), link) if uncounted else None
    yield _News(alarm, {"late_month": month})


def _shortened(news: list[_News]) -> list[_News]:
    """Put too many alarms into one."""
    alarms = [one.alarm for one in news if one.alarm is not None]
    if len(alarms) <= MAX_MESSAGES:
        return news
    sentence = f"{len(alarms)} alarms at once, the first of them: {alarms[0].sentence}"
    return [_News(Alarm.about(sentence, alarms[0].link), _after_all(news))]


def _after_all(news: list[_News]) -> dict[str, int | date]:
    return {name: value for one in news for name, value in one.after.items()}


def _deliver(
    news: list[_News], progress: Progress, send_one: Send, now: datetime
) -> tuple[int, Progress]:
    """Send the alarms one by one; give how many were sent, and the progress."""
    end = time.monotonic() + _TICK_SECONDS
    sent = 0
    for one in news:
        if one.alarm is not None:
            if time.monotonic() > end:
                break
            try:
                within(_MESSAGE_SECONDS, partial(send_one, one.alarm))
            except (Undelivered, TimeoutError) as error:
                return sent, progress.failed(str(error) or "no answer in time", now)
            sent += 1
            progress = progress.delivered()
        progress = progress.model_copy(update=one.after)
    return sent, progress
