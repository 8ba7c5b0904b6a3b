"""Stores the cookies of a log-in, and the outcome of failed log-ins by a hash of the password.

Only the owner can read both files. Cookies are as secret as the password.
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

# Only this many failed log-ins are kept. Nobody has more passwords than that.
_MAX_TRIES = 50


class Outcome(Enum):
    """The outcome of a failed log-in."""

    UNANSWERED = "unanswered"
    CHALLENGED = "challenged"
    REFUSED = "refused"


class Account(NamedTuple):
    """The site, user and password of a log-in."""

    site: str
    user: str
    password: SecretStr


class SessionFile:
    """The files of one session, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cookies(self, site: str, user: str | None) -> Cookies:
        """Read the saved cookies of ``user`` at ``site``; empty if there are none."""
        kept = self._read(_SESSION)
        cookies = kept.get("cookies")
        if (kept.get("site"), kept.get("user")) != (site, user) or not isinstance(cookies, list):
            return []
        return cookies

    def save(self, site: str, user: str | None, cookies: Cookies) -> None:
        """Save ``cookies``, replacing earlier ones."""
        self._write(_SESSION, {"site": site, "user": user, "cookies": cookies})

    @property
    def tries(self) -> Path:
        """The file with the failed log-ins. Without it, every password can be sent again."""
        return self.folder / _TRIES

    def outcome_of(self, account: Account) -> Outcome | None:
        """Return the outcome of the failed log-in with this user and password, if there is one."""
        salt, tries = self._tried()
        found = tries.get(_hash_of(account, salt)) if tries else None
        return None if found is None else Outcome(found)

    def remember(self, account: Account, outcome: Outcome) -> None:
        """Record the outcome for this user and password, as a hash."""
        salt, tries = self._tried()
        tries[_hash_of(account, salt)] = outcome.value
        self._write(_TRIES, {"salt": salt, "tries": dict(list(tries.items())[-_MAX_TRIES:])})

    def forget(self, account: Account) -> None:
        """Allow this user and password to be sent again."""
        salt, tries = self._tried()
        tries.pop(_hash_of(account, salt), None)
        if tries:
            self._write(_TRIES, {"salt": salt, "tries": tries})
        else:
            self.tries.unlink(missing_ok=True)

    def _tried(self) -> tuple[str, dict[str, str]]:
        """Read the salt, and the outcomes by hash.

        Raises:
            PhotosUnknown: the file exists but cannot be read.
        """
        if not self.tries.exists():
            return secrets.token_hex(16), {}
        kept = self._read(_TRIES)
        salt, tries = kept.get("salt"), kept.get("tries")
        known = {outcome.value for outcome in Outcome}
        if not isinstance(salt, str) or not isinstance(tries, dict) or set(tries.values()) - known:
            raise PhotosUnknown(
                f"{self.tries} cannot be read, so OOTT does not know whether this password was "
                "refused before; delete the file if it was not"
            )
        return salt, tries

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the log-in against other runs."""
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
            # A killed run may have left this file, with other permissions.
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
