"""The one file: a zip with the copy of the database and a manifest that says what it is."""

import hashlib
import json
import shutil
import zipfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

FORMAT = 1
MANIFEST, DATA = "manifest.json", "database"
LEFT_OUT = ("django_session", "accounts_signin")  # who is signed in, with flinkey's tokens


class Refused(Exception):
    """Why a copy cannot be made or put back, in words for whoever runs the command."""


@dataclass(frozen=True)
class Manifest:
    """What a copy is. migrations: the names of those that had been applied, by app."""

    version: str
    engine: str
    made_at: str
    migrations: dict[str, list[str]]
    sha256: str
    format: int = FORMAT
    left_out: tuple[str, ...] = LEFT_OUT


def our_version() -> str:
    """The version of this product."""
    return version("flinkey-admin")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(manifest: Manifest, data: Path, to: Path) -> None:
    """Writes the file, readable by its owner alone."""
    to.touch(mode=0o600)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        packed.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        packed.write(data, DATA)


def read(path: Path) -> Manifest:
    """What a file is. Raises Refused when it is no copy of this product, or one of a later version."""
    try:
        with zipfile.ZipFile(path) as packed:
            said = json.loads(packed.read(MANIFEST))
            manifest = Manifest(**said)
    except FileNotFoundError:
        raise Refused(f"There is no file {path}.") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as fault:
        raise Refused(f"{path} is no backup of flinkey admin, or it is damaged ({_words(fault)}).") from None
    if manifest.format > FORMAT:
        raise Refused(f"{path} was made by a newer flinkey admin ({manifest.version}). Install that one first.")
    return manifest


def unpack(path: Path, manifest: Manifest, to: Path) -> None:
    """Takes the database out of the file. Raises Refused when it is not what the manifest says."""
    try:
        with zipfile.ZipFile(path) as packed, packed.open(DATA) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, KeyError, EOFError) as fault:
        raise Refused(f"{path} is damaged ({_words(fault)}). Take an earlier backup.") from None
    if digest(to) != manifest.sha256:
        raise Refused(f"{path} is damaged: its content is not what was written. Take an earlier backup.")


def _words(fault: Exception) -> Any:
    return str(fault) or type(fault).__name__
