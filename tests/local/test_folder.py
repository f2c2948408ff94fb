"""The data folder: claimed, private, and never anybody else's."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from infra.local import folder
from infra.local.options import StartError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def refused(data: Path) -> str:
    with pytest.raises(StartError) as error, folder.claimed(data):
        pass
    return str(error.value)


def test_a_new_folder_is_made_and_claimed_again_and_again(data: Path) -> None:
    for _ in range(2):
        with folder.claimed(data):
            assert (data / folder.MARK).read_text() == f"{os.getpid()}\n"


def test_a_second_claim_names_the_first(data: Path) -> None:
    with folder.claimed(data):
        assert f"{data} is in use by process {os.getpid()}." in refused(data)
    with folder.claimed(data):
        pass


def test_anybody_elses_folder_is_left_alone(data: Path) -> None:
    data.mkdir()
    (data / "thesis.txt").write_text("mine")
    assert f"{data} holds other files" in refused(data)
    assert [file.name for file in data.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("below", ["a file", "a file/data"])
def test_a_folder_that_cannot_be_there(tmp_path: Path, below: str) -> None:
    (tmp_path / "a file").write_text("mine")
    assert "cannot be written: " in refused(tmp_path / below)
    assert (tmp_path / "a file").read_text() == "mine"


def test_a_folder_that_cannot_be_written() -> None:
    assert "the data folder /proc/tasks cannot be written: " in refused(Path("/proc/tasks"))


def test_a_runtime_that_still_ends_is_waited_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with folder.claimed(data):
        pass
    monkeypatch.setattr(folder, "_WAIT_SECONDS", 0.2)
    with (data / "runtime.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert f"a runtime of its own uses the data folder {data}" in refused(data)
    with folder.claimed(data):
        pass


def test_a_reset_removes_what_is_ours_and_nothing_else(data: Path) -> None:
    with folder.claimed(data):
        folder.kept_secrets(data)
        (data / "mail").mkdir()
        ours = ["runtime.db", "runtime.db-wal", "runtime.db-shm", "runtime.lock", "runtime.json", "mail/1-a.eml"]
        theirs = ["notes.txt", "mail/letter.txt"]
        for name in ours + theirs:
            (data / name).touch()
        folder.reset(data)
        left = {str(file.relative_to(data)) for file in data.rglob("*") if file.is_file()}
        assert left == {folder.MARK, *theirs}


def test_a_reset_of_a_new_folder(data: Path) -> None:
    with folder.claimed(data):
        folder.reset(data)
        assert [file.name for file in data.iterdir()] == [folder.MARK]


def test_secrets_are_made_once_and_private(data: Path) -> None:
    data.mkdir()
    first = folder.kept_secrets(data)
    assert folder.kept_secrets(data) == first
    assert len(first["webhook-signing"]["key"]) >= 32
    assert stat.S_IMODE((data / folder.SECRETS).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"webhook-signing": {"key": ""}}', '{"webhook-signing": 1}'])
def test_secrets_that_cannot_be_read_are_told_and_kept(data: Path, text: str) -> None:
    data.mkdir()
    (data / folder.SECRETS).write_text(text)
    with pytest.raises(StartError, match="holds no webhook-signing secret"):
        folder.kept_secrets(data)
    assert (data / folder.SECRETS).read_text() == text


def test_a_private_file_replaces_what_is_there(data: Path) -> None:
    data.mkdir()
    path = data / "file"
    path.write_text("old")
    folder.write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in data.iterdir()] == ["file"]
