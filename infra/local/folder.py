"""The data folder: claimed by one platform at a time, and never anybody else's.

A file of our own marks the folder. It is what is locked, and without it a folder that holds anything is left alone.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from components.catalogue import WEBHOOK_SIGNING
from infra.local.options import StartError

MARK: Final = "task-platform.lock"
SETTINGS: Final = "runtime.json"
SECRETS: Final = "secrets.json"
ENGINES: Final = "engines"
_RUNTIME_LOCK: Final = "runtime.lock"
_OURS: Final = (
    "runtime.db",
    "runtime.db-wal",
    "runtime.db-shm",
    "runtime.db-journal",
    _RUNTIME_LOCK,
    SETTINGS,
    SECRETS,
    "mail/*.eml",
    "mail/.*.eml",
)
_WAIT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05

Secrets = dict[str, dict[str, str]]


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder, made when it is missing; StartError when it is another's, in use, or cannot be written."""
    mark = _open_mark(folder)
    with mark:
        if not _locked(mark):
            raise StartError(
                f"the data folder {folder} is in use by process {mark.read().strip() or 'unknown'}. "
                "Stop that one first, or name another folder: DATA=…"
            )
        mark.truncate(0)
        mark.write(f"{os.getpid()}\n")
        mark.flush()
        _await_runtime(folder)
        yield


def reset(folder: Path) -> None:
    """Remove from a claimed folder what the platform put there, and nothing else."""
    try:
        for pattern in _OURS:
            for file in folder.glob(pattern):
                file.unlink()
        if (engines := folder / ENGINES).exists():
            shutil.rmtree(engines)
        if (mail := folder / "mail").is_dir() and not any(mail.iterdir()):
            mail.rmdir()
    except OSError as error:
        raise StartError(f"{error.filename} cannot be removed: {error.strerror}") from error


def kept_secrets(folder: Path) -> Secrets:
    """Return the secrets that outlive a restart, made the first time; StartError when they cannot be read."""
    path = folder / SECRETS
    if not path.exists():
        write_private(path, json.dumps({WEBHOOK_SIGNING.name: {WEBHOOK_SIGNING.key: secrets.token_urlsafe(32)}}))
    try:
        found: Secrets = json.loads(path.read_text())
        if not found[WEBHOOK_SIGNING.name][WEBHOOK_SIGNING.key]:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(
            f"{path} holds no {WEBHOOK_SIGNING.name} secret that can be read. Nothing was changed; restore a copy, or "
            "move it away to get a new one (webhooks are then signed with other keys)"
        ) from error
    return found


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}")
    try:
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        unfinished.rename(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}") from error


def _open_mark(folder: Path) -> IO[str]:
    mark = folder / MARK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not mark.exists() and any(folder.iterdir()):
            raise StartError(
                f"the folder {folder} holds other files, and no data of the platform. Nothing was changed; "
                "name an empty or a new folder: DATA=…"
            )
        return mark.open("a+")
    except OSError as error:
        raise StartError(
            f"the data folder {folder} cannot be written: {error.strerror}. Change its rights, or name another: DATA=…"
        ) from error


def _locked(file: IO[str]) -> bool:
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _await_runtime(folder: Path) -> None:
    """Wait for a runtime whose supervisor was killed to let go of the folder."""
    path, end = folder / _RUNTIME_LOCK, time.monotonic() + _WAIT_SECONDS
    if not path.exists():
        return
    with path.open() as file:
        while not _locked(file):
            if time.monotonic() > end:
                raise StartError(
                    f"a runtime of its own uses the data folder {folder}. Stop it, or name another: DATA=…"
                )
            time.sleep(_POLL_SECONDS)
