"""Remembers which passwords failed, so that none is sent twice and the account is not locked."""

import hashlib
import json
import secrets
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

_FILE = "tried.json"


class Account(NamedTuple):
    """The site, user and password of a log-in."""

    site: str
    user: str
    password: SecretStr


class TriedPasswords:
    """The outcomes of failed log-ins by a hash of the password, in a private file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE
        self._blobs = LocalBlobs(folder, readers="user")

    def outcome_of(self, account: Account) -> str | None:
        """Return the outcome of the failed log-in with this user and password, if there is one."""
        salt, tries = self._tried()
        return tries.get(_hash_of(account, salt)) if tries else None

    def remember(self, account: Account, outcome: str | None) -> None:
        """Record why a log-in failed; None allows this user and password to be sent again."""
        salt, tries = self._tried()
        tries.pop(_hash_of(account, salt), None)
        if outcome is not None:
            tries[_hash_of(account, salt)] = outcome
        self._blobs.write(_FILE, json.dumps({"salt": salt, "tries": tries}).encode())

    def _tried(self) -> tuple[str, dict[str, str]]:
        """Read the salt, and the outcomes by hash.

        Raises:
            PhotosUnknown: the file exists but cannot be read.
        """
        try:
            kept = json.loads(self._blobs.read(_FILE))
            salt, tries = kept["salt"], dict(kept["tries"])
        except BlobNotFound:
            return secrets.token_hex(16), {}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise PhotosUnknown(
                f"{self.path} cannot be read, so OOTT does not know whether this password was "
                "refused before; delete the file if it was not"
            ) from error
        return salt, tries


def _hash_of(account: Account, salt: str) -> str:
    secret = "\0".join((account.site, account.user, account.password.get_secret_value()))
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()
