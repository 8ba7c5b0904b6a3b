"""Logs in by name and password. A password that failed once is never sent again."""

import time
from contextlib import suppress
from dataclasses import dataclass

from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft
from oott_assets.photos.sources.browser.page_states import Facts, PageState, facts_of, state_of
from oott_assets.photos.sources.browser.tried_passwords import Account, TriedPasswords
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.photos.sources.request_interval import RequestInterval

_RESULT_SECONDS = 30.0
_CHECK_INTERVAL_SECONDS = 0.1

_MAX_LOG_INS = 2
_UNANSWERED = "the log-in got no response"

# The value is set as typing would set it, so that the scripts of the page notice it.
_SUBMIT = """
const fields = ["username", "password"].map((name) =>
  document.querySelector(`input[name=${name}]`));
const form = fields[1] && fields[1].form;
if (!fields[0] || !form) return false;
const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
fields.forEach((field, index) => {
  set.call(field, arguments[index]);
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
const button = form.querySelector("button[type=submit], input[type=submit]");
// The page must not be replaced before this script has ended.
setTimeout(() => (button ? button.click() : form.requestSubmit()));
return true;
"""


@dataclass
class LogIn:
    """Logs in at ``site``: once per run, and once more if the session expires."""

    site: str
    account: Account | None
    tried: TriedPasswords
    interval: RequestInterval
    log_ins: int = 0

    def log_in(self, chromium: Chromium, shown: Facts) -> None:
        """Log in with the form that ``chromium`` shows.

        Raises:
            PhotosUnknown: no account is set, its log-in failed before, or its session ended twice.
            SourceBusyForHours: the site asks to wait.
        """
        if self.account is None:
            raise PhotosUnknown(
                "the site asks to log in: run python -m oott_assets.photos.sources.browser, or set "
                "OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD"
            )
        if not shown.url.startswith(f"{self.site}/"):
            raise PhotosUnknown(
                f"the password is only for {self.site}; requested by {shown.seen()}"
            )
        self._check_tries(self.account)
        self.log_ins += 1
        self._submit(chromium, self.account)
        self._require_success(chromium, self.account)

    def _check_tries(self, account: Account) -> None:
        outcome = self.tried.outcome_of(account)
        if outcome is not None:
            raise PhotosUnknown(self._not_again(outcome))
        if self.log_ins >= _MAX_LOG_INS:
            raise PhotosUnknown(
                f"the site ended the log-in {self.log_ins} times; it may block this account: "
                "check it in a browser before the next run"
            )

    def _submit(self, chromium: Chromium, account: Account) -> None:
        self.interval.wait()
        chromium.responses()
        # The try is recorded before sending. If this run is killed before the response, the next
        # run must not send the password again.
        self.tried.remember(account, _UNANSWERED)
        with suppress(PageLeft):
            if not chromium.run(_SUBMIT, account.user, account.password.get_secret_value()):
                self.tried.remember(account, None)
                raise PhotosUnknown(
                    f"OOTT does not support the log-in form of {facts_of(chromium).seen()}"
                )

    def _require_success(self, chromium: Chromium, account: Account) -> None:
        """Wait for the result, and record it unless the log-in succeeded."""
        facts = _result_of(chromium)
        state, statuses = state_of(facts), [found.status for found in chromium.responses()]
        if state is PageState.RATE_LIMITED or 429 in statuses:
            self.tried.remember(account, None)
            raise SourceBusyForHours(
                "the site asks to wait before a log-in; run this again in a few hours"
            )
        if not facts.asks_password and _has_session(chromium, self.site):
            self.tried.remember(account, None)
            return
        outcome = _UNANSWERED
        if state is PageState.CHALLENGE:
            outcome = "the site answers the log-in with a challenge for a person"
        elif facts.has_alert and statuses and all(200 <= status < 500 for status in statuses):
            outcome = "the site refused the log-in"
        self.tried.remember(account, outcome)
        raise PhotosUnknown(f"{self._not_again(outcome)}; the site shows {facts.seen()}")

    def _not_again(self, outcome: str) -> str:
        return (
            f"{outcome}; OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD are not sent again, so "
            "that the account is not locked: log in by hand with python -m "
            "oott_assets.photos.sources.browser; or delete "
            f"{self.tried.path} if the password is right, or change it, and run this again"
        )


def _result_of(chromium: Chromium) -> Facts:
    """Read the page after it has changed or shows a message."""
    deadline = time.monotonic() + _RESULT_SECONDS
    while True:
        facts = facts_of(chromium)
        left = not facts.asks_password and state_of(facts) is not PageState.LOADING
        if left or facts.has_alert or time.monotonic() > deadline:
            return facts
        time.sleep(_CHECK_INTERVAL_SECONDS)


def _has_session(chromium: Chromium, site: str) -> bool:
    cookies = chromium.cdp("Network.getCookies", {"urls": [site]})["cookies"]
    return isinstance(cookies, list) and any(cookie["name"] == "sessionid" for cookie in cookies)
