"""Logs in and saves the cookies. A password that failed once is never sent again."""

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
from oott_assets.photos.sources.browser.session_file import Account, Cookies, Outcome, SessionFile
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.photos.sources.request_interval import RequestInterval

_RESULT_SECONDS = 30.0
_CHECK_INTERVAL_SECONDS = 0.1

_MAX_LOG_INS = 2
# The site probably blocks a session that ends after fewer pages than this.
_MIN_PAGES = 3

_SUBMIT = """
const field = document.querySelector("input[name=password]");
const form = field.form;
const button = form && form.querySelector("button[type=submit], input[type=submit]");
if (button) button.click(); else if (form) form.requestSubmit();
"""


class LogIn:
    """Logs in at ``site``: once per run, and once more if the session expires."""

    def __init__(
        self, site: str, account: Account | None, session: SessionFile, interval: RequestInterval
    ) -> None:
        self.site = site
        self.pages = 0
        self._account = account
        self._session = session
        self._interval = interval
        self._log_ins = 0
        self._restored: Cookies = []

    @property
    def _user(self) -> str | None:
        return self._account.user if self._account else None

    def restore_session(self, chromium: Chromium) -> None:
        """Set the saved cookies of the last log-in in ``chromium``, if there are any."""
        self._restored = self._session.cookies(self.site, self._user)
        if self._restored:
            chromium.cdp("Network.setCookies", {"cookies": self._restored})

    def save_session(self, chromium: Chromium) -> None:
        """Save the cookies that ``chromium`` has for the site."""
        cookies = self._cookies_in(chromium)
        with self._session.locked():
            kept = _session_of(self._session.cookies(self.site, self._user))
            # Another run may have logged in since. Its cookies are newer.
            if kept in (None, _session_of(self._restored), _session_of(cookies)):
                self._session.save(self.site, self._user, cookies)
                self._restored = cookies

    def _cookies_in(self, chromium: Chromium) -> Cookies:
        found = chromium.cdp("Network.getCookies", {"urls": [self.site]})["cookies"]
        return [_settable(cookie) for cookie in found] if isinstance(found, list) else []

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
        with self._session.locked():
            if self._another_run_logged_in(chromium):
                return
            self._check_tries(self._account)
            self._log_ins += 1
            self._submit(chromium, self._account)
            self._require_success(chromium, self._account)
        self.pages = 0
        self.save_session(chromium)

    def _another_run_logged_in(self, chromium: Chromium) -> bool:
        """Use the session of another run that has logged in since, if there is one."""
        before = self._restored
        kept = self._session.cookies(self.site, self._user)
        if _session_of(kept) in (None, _session_of(before)):
            return False
        self.restore_session(chromium)
        return True

    def _check_tries(self, account: Account) -> None:
        outcome = self._session.outcome_of(account)
        if outcome is not None:
            raise PhotosUnknown(self._not_again(outcome))
        if self._log_ins >= _MAX_LOG_INS or (self._log_ins and self.pages <= _MIN_PAGES):
            raise PhotosUnknown(
                f"the site ended the log-in again, after {self.pages} pages; it may block "
                "this account: check it in a browser before the next run"
            )

    def _submit(self, chromium: Chromium, account: Account) -> None:
        chromium.type_into("input[name=username]", account.user)
        chromium.type_into("input[name=password]", account.password.get_secret_value())
        self._interval.wait()
        chromium.responses()
        # The try is recorded before sending. If this run is killed before the response, the next
        # run must not send the password again.
        self._session.remember(account, Outcome.UNANSWERED)
        with suppress(PageLeft):
            chromium.run(_SUBMIT)

    def _require_success(self, chromium: Chromium, account: Account) -> None:
        """Wait for the result, and record it unless the log-in succeeded."""
        facts = _result_of(chromium)
        state = state_of(facts)
        if state is PageState.CHALLENGE:
            self._session.remember(account, Outcome.CHALLENGED)
            raise PhotosUnknown(self._not_again(Outcome.CHALLENGED))
        limited = any(response.status == 429 for response in chromium.responses())
        if limited or state is PageState.RATE_LIMITED or asks_to_wait(facts.alert):
            self._session.forget(account)
            raise SourceBusyForHours(
                "the site asks to wait before a log-in; run this again in a few hours"
            )
        if not facts.asks_password and _session_of(self._cookies_in(chromium)) is not None:
            self._session.forget(account)
            return
        if facts.asks_password and is_refusal(facts.alert):
            self._session.remember(account, Outcome.REFUSED)
            raise PhotosUnknown(self._not_again(Outcome.REFUSED))
        raise PhotosUnknown(f"{self._not_again(Outcome.UNANSWERED)}; the site shows {facts.seen()}")

    def _not_again(self, outcome: Outcome) -> str:
        return (
            f"{_OUTCOMES[outcome]}; OOTT_INSTAGRAM_USER and OOTT_INSTAGRAM_PASSWORD are not sent "
            f"again, so that the account is not locked: {_TO_DO[outcome]} {self._session.tries}, "
            "or change the password, and run this again"
        )


_OUTCOMES = {
    Outcome.UNANSWERED: "the log-in got no response",
    Outcome.CHALLENGED: "the site answers the log-in with a challenge for a person",
    Outcome.REFUSED: "the site refused the log-in",
}
_TO_DO = {
    Outcome.UNANSWERED: "log in by hand in a browser, then delete",
    Outcome.CHALLENGED: "log in by hand in a browser, solve the challenge, then delete",
    Outcome.REFUSED: "correct them; if they are right, delete",
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


def _session_of(cookies: Cookies) -> object:
    return next(
        (cookie.get("value") for cookie in cookies if cookie.get("name") == "sessionid"), None
    )


def _settable(cookie: dict[str, object]) -> dict[str, object]:
    """Copy the fields that setting a cookie needs; a session cookie gets no expiry."""
    kept = ("name", "value", "domain", "path", "secure", "httpOnly", "sameSite")
    given = {name: cookie[name] for name in kept if name in cookie}
    if not cookie.get("session"):
        given["expires"] = cookie["expires"]
    return given
