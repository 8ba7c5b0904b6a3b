"""The cookies of a log-in, kept for later runs, and what came of each log-in, as hashes.

Both are files that their owner alone can read. A cookie is worth as much as the password.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_fashion.stores.blobs import LocalBlobs

Cookies = list[dict[str, object]]

_SESSION, _TRIES = "session.json", "tried.json"

# Nobody has had so many passwords.
_MAX_TRIES = 50


class Outcome(Enum):
    """What came of sending a password that did not log in."""

    UNANSWERED = "unanswered"
    CHALLENGED = "challenged"
    REFUSED = "refused"


class Account(NamedTuple):
    """Who logs in where."""

    site: str
    user: str
    password: SecretStr


class SessionFile:
    """Keeps one session, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cookies(self, site: str, user: str | None) -> Cookies:
        """Read the cookies kept for ``user`` at ``site``; none where there are no such."""
        kept = self._read(_SESSION)
        cookies = kept.get("cookies")
        if (kept.get("site"), kept.get("user")) != (site, user) or not isinstance(cookies, list):
            return []
        return cookies

    def keep(self, site: str, user: str | None, cookies: Cookies) -> None:
        """Keep ``cookies`` in place of any before them."""
        self._write(_SESSION, {"site": site, "user": user, "cookies": cookies})

    @property
    def tries(self) -> Path:
        """The file that remembers what was tried; without it, all may be tried again."""
        return self.folder / _TRIES

    def outcome_of(self, account: Account) -> Outcome | None:
        """Tell what came of sending this very user and password, unless that logged in."""
        salt, tries = self._tried()
        found = tries.get(_hash_of(account, salt)) if tries else None
        return None if found is None else Outcome(found)

    def remember(self, account: Account, outcome: Outcome) -> None:
        """Note what came of sending this user and password, in a way that does not tell them."""
        salt, tries = self._tried()
        tries[_hash_of(account, salt)] = outcome.value
        self._write(_TRIES, {"salt": salt, "tries": dict(list(tries.items())[-_MAX_TRIES:])})

    def forget(self, account: Account) -> None:
        """Let this user and password be sent again."""
        salt, tries = self._tried()
        tries.pop(_hash_of(account, salt), None)
        if tries:
            self._write(_TRIES, {"salt": salt, "tries": tries})
        else:
            self.tries.unlink(missing_ok=True)

    def _tried(self) -> tuple[str, dict[str, str]]:
        """Read the salt and, by their hashes, what came of the tries.

        Raises:
            PhotosUnknown: the file is there and cannot be read.
        """
        if not self.tries.exists():
            return secrets.token_hex(16), {}
        kept = self._read(_TRIES)
        salt, tries = kept.get("salt"), kept.get("tries")
        known = {it.value for it in Outcome}
        if not isinstance(salt, str) or not isinstance(tries, dict) or set(tries.values()) - known:
            raise PhotosUnknown(
                f"{self.tries} cannot be read, so that nobody knows whether this password was "
                "refused before; delete it if it was not"
            )
        return salt, tries

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other run is logging in."""
        self._private_folder()
        with LocalBlobs(self.folder).exclusive_lock("log-in"):
            yield

    def _read(self, name: str) -> dict[str, object]:
        try:
            kept = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, name: str, content: dict[str, object]) -> None:
        self._private_folder()
        path = self.folder / f".writing-{name}"
        with LocalBlobs(self.folder).exclusive_lock("write"):
            # Left by a killed run, with whatever rights.
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(content).encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(path, self.folder / name)

    def _private_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)


def _hash_of(account: Account, salt: str) -> str:
    secret = "\0".join((account.site, account.user, account.password.get_secret_value()))
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()
