"""A disk of its own for the data folder, small enough to be filled: a file that is mounted, on Linux, by root."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_BYTES = 3 << 30  # what is not written takes no space of the machine's
_FILLER = "filler"
_BLOCK = 4096
_LEAVE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system; `data` is the platform's folder on it."""

    root: Path

    @property
    def data(self) -> Path:
        """The folder for the platform's data."""
        return self.root / "data"

    def fill(self) -> None:
        """Leave not a byte free, though others write meanwhile."""
        with (self.root / _FILLER).open("wb") as filler, suppress(OSError):
            while (half := self._free_bytes() // 2) > _BLOCK:
                os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, half)
        self.fill_again()

    def fill_again(self) -> None:
        """Take what has become free since."""
        with (self.root / _FILLER).open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(_BLOCK))
            except OSError:
                return

    def free(self) -> None:
        """Make room again."""
        (self.root / _FILLER).unlink(missing_ok=True)

    def _free_bytes(self) -> int:
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize


def why_not() -> str | None:
    """Return why no disk can be mounted here; None where one can."""
    missing = [name for name in ("mount", "umount", "mkfs.ext4") if not shutil.which(name)]
    if missing:
        return f"there is no {', '.join(missing)}"
    if os.geteuid() and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        return "only root can mount a disk, and there is no sudo without a password"
    return None


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """Make a disk below `folder`, and take it away again."""
    image, root = folder / "disk.img", folder / "disk"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(_BYTES)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))  # nothing is kept back for root
    _as_root("mount", "-o", "loop", str(image), str(root))
    try:
        _as_root("chown", str(os.geteuid()), str(root))
        yield Disk(root)
    finally:
        _unmount(root)
        image.unlink()


def _unmount(root: Path) -> None:
    """Take it away once the last process that had a file there has gone."""
    end = time.monotonic() + _LEAVE_SECONDS
    while True:
        try:
            return _as_root("umount", str(root))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _as_root(*command: str) -> None:
    _run(*(["sudo", "-n"] if os.geteuid() else []), *command)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
