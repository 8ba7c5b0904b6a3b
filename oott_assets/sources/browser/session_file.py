"""The cookies of a log-in, kept for later runs, and the log-ins that were refused, as hashes.

Both are files that their owner alone can read. A cookie is worth as much as the password.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from oott_fashion.stores.blobs import LocalBlobs

Cookies = list[dict[str, object]]

_SESSION, _REFUSED = "session.json", "refused.json"


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

    def was_refused(self, account: Account) -> bool:
        """Tell whether the site has refused this very user and password."""
        kept = self._read(_REFUSED)
        salt = kept.get("salt")
        return isinstance(salt, str) and kept.get("hash") == _hash_of(account, salt)

    def remember_refusal(self, account: Account) -> None:
        """Note that the site has refused this user and password, in a way that does not tell it."""
        salt = secrets.token_hex(16)
        self._write(_REFUSED, {"salt": salt, "hash": _hash_of(account, salt)})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other run is logging in."""
        self._private_folder()
        with LocalBlobs(self.folder).alone_in("log-in"):
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
        with LocalBlobs(self.folder).alone_in("write"):
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
