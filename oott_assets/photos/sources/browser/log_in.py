"""Logs in by name and password. A password that failed once is never sent again."""

import time
from contextlib import suppress

from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft
from oott_assets.photos.sources.browser.page_states import (
    Facts,
    PageState,
    asks_to_wait,
    facts_of,
    is_refusal,
    state_of,
)
from oott_assets.photos.sources.browser.tried_passwords import Account, TriedPasswords
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.photos.sources.request_interval import RequestInterval

_RESULT_SECONDS = 30.0
_CHECK_INTERVAL_SECONDS = 0.1

_MAX_LOG_INS = 2

_SUBMIT = """
const field = document.querySelector("input[name=password]");
const form = field.form;
const button = form && form.querySelector("button[type=submit], input[type=submit]");
if (button) button.click(); else if (form) form.requestSubmit();
"""


class LogIn:
    """Logs in at ``site``: once per run, and once more if the session expires."""

    def __init__(
        self, site: str, account: Account | None, tried: TriedPasswords, interval: RequestInterval
    ) -> None:
        self.site = site
        self._account = account
        self._tried = tried
        self._interval = interval
        self._log_ins = 0

    def log_in(self, chromium: Chromium, shown: Facts) -> None:
        """Log in with the form that ``chromium`` shows.

        Raises:
            PhotosUnknown: no account is set, its log-in failed before, or its session ended twice.
            SourceBusyForHours: the site asks to wait.
        """
        if self._account is None:
            raise PhotosUnknown(
                "the site asks to log in; set OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD"
            )
        if not shown.url.startswith(f"{self.site}/"):
            raise PhotosUnknown(
                f"the password is only for {self.site}; requested by {shown.seen()}"
            )
        self._check_tries(self._account)
        self._log_ins += 1
        self._submit(chromium, self._account)
        self._require_success(chromium, self._account)

    def _check_tries(self, account: Account) -> None:
        outcome = self._tried.outcome_of(account)
        if outcome is not None:
            raise PhotosUnknown(self._not_again(outcome))
        if self._log_ins >= _MAX_LOG_INS:
            raise PhotosUnknown(
                f"the site ended the log-in {self._log_ins} times; it may block this account: "
                "check it in a browser before the next run"
            )

    def _submit(self, chromium: Chromium, account: Account) -> None:
        chromium.type_into("input[name=username]", account.user)
        chromium.type_into("input[name=password]", account.password.get_secret_value())
        self._interval.wait()
        chromium.responses()
        # The try is recorded before sending. If this run is killed before the response, the next
        # run must not send the password again.
        self._tried.remember(account, "unanswered")
        with suppress(PageLeft):
            chromium.run(_SUBMIT)

    def _require_success(self, chromium: Chromium, account: Account) -> None:
        """Wait for the result, and record it unless the log-in succeeded."""
        facts = _result_of(chromium)
        state = state_of(facts)
        if state is PageState.CHALLENGE:
            self._tried.remember(account, "challenged")
            raise PhotosUnknown(self._not_again("challenged"))
        limited = any(response.status == 429 for response in chromium.responses())
        if limited or state is PageState.RATE_LIMITED or asks_to_wait(facts.alert):
            self._tried.forget(account)
            raise SourceBusyForHours(
                "the site asks to wait before a log-in; run this again in a few hours"
            )
        if not facts.asks_password and _has_session(chromium, self.site):
            self._tried.forget(account)
            return
        if facts.asks_password and is_refusal(facts.alert):
            self._tried.remember(account, "refused")
            raise PhotosUnknown(self._not_again("refused"))
        raise PhotosUnknown(f"{self._not_again('unanswered')}; the site shows {facts.seen()}")

    def _not_again(self, outcome: str) -> str:
        return (
            f"{_OUTCOMES.get(outcome, outcome)}; OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD "
            "are not sent again, so that the account is not locked: log in by hand in a browser. "
            f"If the password is right, delete {self._tried.path}; otherwise change it. Then run "
            "this again"
        )


# tried.json keeps these words.
_OUTCOMES = {
    "unanswered": "the log-in got no response",
    "challenged": "the site answers the log-in with a challenge for a person",
    "refused": "the site refused the log-in",
}


def _result_of(chromium: Chromium) -> Facts:
    """Read the page after it has changed or shows a message."""
    deadline = time.monotonic() + _RESULT_SECONDS
    while True:
        facts = facts_of(chromium)
        left = not facts.asks_password and state_of(facts) is not PageState.LOADING
        if left or facts.alert or time.monotonic() > deadline:
            return facts
        time.sleep(_CHECK_INTERVAL_SECONDS)


def _has_session(chromium: Chromium, site: str) -> bool:
    cookies = chromium.cdp("Network.getCookies", {"urls": [site]})["cookies"]
    return isinstance(cookies, list) and any(cookie["name"] == "sessionid" for cookie in cookies)
