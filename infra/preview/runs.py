"""The two runs that a preview may need, of this version and of the one it is compared with, side by side."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.preview.graph import Graph, from_json

_HERE: Final = Path(__file__).parents[1]  # the folder that the worker's package is in
_MINUTES: Final = 5 * 60


class PreviewError(Exception):
    """There is nothing to show; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run registered, what it told in plain text though it is secret (URNs), and on which platform."""

    graph: Graph
    exposed: tuple[str, ...] = ()
    platform: str = ""


class Run:
    """A run of a stack's program in a process of its own, begun when it is made."""

    def __init__(self, root: Path, stack: str, file: Path) -> None:
        # The program's own packages first: those of this version are installed beside it.
        path = os.pathsep.join(map(str, (root, _HERE)))
        # Compiled once and kept, Google's SDK loads in half the time.
        left_out = ("PULUMI_", "PYTHONDONTWRITEBYTECODE")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        self._file = file
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and worker
            [sys.executable, "-P", "-m", "preview.worker", str(root), stack, str(file)],
            cwd=root / "infra",
            env=environment | {"PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def outcome(self) -> dict[str, Any]:
        """Wait for the run and return what it wrote."""
        try:
            _, said = self._process.communicate(timeout=_MINUTES)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.communicate()
            raise PreviewError(f"the program did not end within {_MINUTES} s") from error
        if not self._file.exists():
            raise PreviewError(f"the program ended without an answer\n{said}")
        found: dict[str, Any] = json.loads(self._file.read_text())
        return found


def preview(root: Path, stack: str, base: str | None) -> tuple[Outcome, Outcome | None]:
    """Return what the program registers, and what that of `base` does; PreviewError says what stands in the way."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if base is None:
            return _outcome(Run(root, stack, scratch / "here").outcome()), None
        with _checked_out(root, base, scratch / "base") as other:
            here = Run(root, stack, scratch / "here")
            there = Run(other, stack, scratch / "there")
            written = here.outcome(), there.outcome()
        return _outcome(written[0]), _of_base(written[1], base)


def _outcome(written: dict[str, Any]) -> Outcome:
    if "error" in written:
        raise PreviewError(written["error"])
    return Outcome(from_json(written), tuple(written["exposed"]), written["platform"])


def _of_base(written: dict[str, Any], base: str) -> Outcome:
    """Return the outcome of the version compared with; a stack that it does not have yet is empty there."""
    if written.get("missing"):
        return Outcome(Graph())
    if "error" in written:
        raise PreviewError(f"nothing to compare with: at {base}, {written['error']}")
    return _outcome(written)


@contextmanager
def _checked_out(root: Path, base: str, folder: Path) -> Iterator[Path]:
    """Lay out the repository as it is at a git ref; nothing of the repository itself is touched."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if commit.returncode != 0:
        raise PreviewError(f"git knows no {base!r} here: BASE is a branch, a tag or a commit, as in BASE=origin/main")
    found = commit.stdout.decode().strip()
    if _git(root, "cat-file", "-e", f"{found}:infra/__main__.py").returncode != 0:
        raise PreviewError(f"nothing to compare with: at {base} there is no infra/__main__.py")
    archive = folder.with_suffix(".tar")
    archive.write_bytes(_git(root, "archive", "--format=tar", found).stdout)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    yield folder


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(root), *arguments], check=False, capture_output=True)  # noqa: S603, S607
