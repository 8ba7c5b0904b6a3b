import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from oott_assets.photos.sources.browser.tried_passwords import Account, TriedPasswords
from oott_assets.photos.sources.photo_source import PhotosUnknown


def account(user: str = "someone", password: str = "open sesame") -> Account:
    return Account("https://www.example.com", user, SecretStr(password))


def test_an_outcome_belongs_to_one_user_and_password_and_the_private_file_has_neither(
    tmp_path: Path,
) -> None:
    tried, other = TriedPasswords(tmp_path), account(password="open barley")
    tried.remember(account(), "refused")
    tried.remember(other, "unanswered")

    assert tried.outcome_of(account()) == "refused"
    assert tried.outcome_of(account(user="someone else")) is None
    assert stat.S_IMODE(tried.path.stat().st_mode) == 0o600
    text = tried.path.read_text()
    assert not any(secret in text for secret in ("someone", "sesame", "barley"))

    tried.remember(other, None)

    assert tried.outcome_of(other) is None
    assert TriedPasswords(tmp_path).outcome_of(account()) == "refused"


@pytest.mark.parametrize("text", ['{"salt": ', '{"salt": "a"}', "[]"])
def test_an_unreadable_file_of_tries_blocks_every_log_in(tmp_path: Path, text: str) -> None:
    tried = TriedPasswords(tmp_path)
    tried.path.write_text(text)

    with pytest.raises(PhotosUnknown, match=r"tried\.json cannot be read"):
        tried.outcome_of(account())
