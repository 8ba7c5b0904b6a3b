"""Posts an alarm to a webhook, as Slack, Mattermost and others expect it."""

import html

import httpx

from oott_assets.alarms.alarm import Alarm, Undelivered
from oott_assets.photos.sources.http_requests import trusted_certificates


def post(alarm: Alarm, url: str, seconds: float) -> None:
    """Post ``alarm`` to ``url``. ``seconds`` limits each wait for the server.

    No error names more of ``url`` than its host, because the rest is a secret.

    Raises:
        Undelivered: the server cannot be reached, or does not answer with a code from 200 to 299.
    """
    # Slack reads <...> as a link or as a mention of people.
    text = html.escape(f"{alarm.sentence}\n{alarm.link}", quote=False)
    host = httpx.URL(url).host
    try:
        with (
            httpx.Client(verify=trusted_certificates(), timeout=seconds) as client,
            # The body of the answer is not read.
            client.stream("POST", url, json={"text": text}) as response,
        ):
            if not response.is_success:
                raise Undelivered(f"the webhook at {host} answered {response.status_code}")
    except httpx.TimeoutException:
        raise Undelivered(f"the webhook at {host} did not answer in time") from None
    except httpx.TransportError as error:
        raise Undelivered(f"the webhook at {host} failed: {type(error).__name__}") from None
