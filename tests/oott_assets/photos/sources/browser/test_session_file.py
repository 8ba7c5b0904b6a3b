import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from oott_assets.photos.sources.browser.session_file import Account, Cookies, Outcome, SessionFile
from oott_assets.photos.sources.photo_source import PhotosUnknown

SITE = "https://www.example.com"
COOKIES: Cookies = [{"name": "sessionid", "value": "a"}]


def account(user: str = "someone", password: str = "open sesame") -> Account:
    return Account(SITE, user, SecretStr(password))


def test_cookies_are_returned_only_for_their_user_and_site(tmp_path: Path) -> None:
    SessionFile(tmp_path).save(SITE, "someone", COOKIES)

    kept = SessionFile(tmp_path)
    assert kept.cookies(SITE, "someone") == COOKIES
    assert kept.cookies(SITE, "someone else") == []
    assert kept.cookies("http://127.0.0.1", "someone") == []


def test_an_unreadable_session_file_counts_as_no_session(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text('{"site": ')

    assert SessionFile(tmp_path).cookies(SITE, "someone") == []


def test_files_are_private_even_if_a_killed_run_left_other_permissions(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "session"
    folder.mkdir(mode=0o755)
    (folder / ".writing-session.json").write_text("half")
    (folder / ".writing-session.json").chmod(0o644)
    kept = SessionFile(folder)
    kept.save(SITE, "someone", COOKIES)
    kept.remember(account(), Outcome.REFUSED)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.iterdir() if path.is_file()]
    assert sorted(path.name for path in files) == ["session.json", "tried.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_an_outcome_belongs_to_one_user_and_password_and_stores_neither(tmp_path: Path) -> None:
    kept = SessionFile(tmp_path)
    assert kept.outcome_of(account()) is None

    kept.remember(account(), Outcome.REFUSED)

    assert kept.outcome_of(account()) is Outcome.REFUSED
    assert kept.outcome_of(account(password="open barley")) is None
    assert kept.outcome_of(account(user="someone else")) is None
    text = kept.tries.read_text()
    assert "someone" not in text
    assert "sesame" not in text


def test_earlier_refused_passwords_stay_recorded(tmp_path: Path) -> None:
    kept = SessionFile(tmp_path)
    kept.remember(account(), Outcome.REFUSED)
    kept.remember(account(password="open barley"), Outcome.UNANSWERED)

    kept.forget(account(password="open barley"))

    assert kept.outcome_of(account()) is Outcome.REFUSED
    assert kept.outcome_of(account(password="open barley")) is None
    kept.forget(account())
    assert not kept.tries.exists()


def test_an_unreadable_file_of_tries_blocks_every_log_in(tmp_path: Path) -> None:
    kept = SessionFile(tmp_path)
    kept.tries.write_text('{"salt": ')

    with pytest.raises(PhotosUnknown, match=r"tried\.json cannot be read"):
        kept.outcome_of(account())
