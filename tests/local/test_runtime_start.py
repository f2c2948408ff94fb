"""What the runtime refuses to start with: one clear line, an exit code, and nothing overwritten."""

import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.embedded import Embedded
from tests.conformance.harness import APPS, HOST
from tests.local.conftest import Starter


def refusal(runtime: Embedded, **changes: Any) -> str:
    """Start the runtime, which has to refuse, and return its last line."""
    if changes:
        runtime.settings = runtime.settings.model_copy(update=changes)
    process = runtime.spawn()
    assert process.wait(120) == 1
    lines = [line for line in runtime.logs().splitlines() if line]
    assert "Traceback" not in runtime.logs()
    assert lines[-1].startswith("error: ")
    return lines[-1]


@pytest.fixture
def runtime(tmp_path: Path) -> Embedded:
    """A runtime that has not been started."""
    return Embedded(tmp_path)


def started_with(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.local.runtime", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    result = started_with(tmp_path / "none.json")
    assert result.returncode == 1
    assert result.stderr.startswith("error: the settings")
    assert "none.json cannot be read" in result.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"data": "x"}'])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    result = started_with(path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"the settings {path} are wrong" in result.stderr


def test_settings_with_an_unknown_scope(runtime: Embedded, tmp_path: Path) -> None:
    document = json.loads(runtime.settings.model_dump_json())
    document["components"][0]["scopes"] = ["nosuch"]
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(document))
    assert "nosuch" in started_with(path).stderr


def test_wrong_usage() -> None:
    command = [sys.executable, "-m", "infra.local.runtime"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stderr) == (2, "usage: python -m infra.local.runtime SETTINGS.json\n")


@pytest.mark.parametrize("kind", ["http_port", "grpc_port"])
def test_a_port_that_is_taken(runtime: Embedded, kind: str) -> None:
    app = runtime.settings.apps[1]
    port = getattr(app, kind)
    with socket.socket() as other:
        other.bind((HOST, port))
        other.listen()
        line = refusal(runtime)
    assert f"port {port} of {app.app_id} is taken" in line


def test_a_file_that_is_no_database(runtime: Embedded) -> None:
    data = runtime.settings.data
    data.mkdir(parents=True)
    (data / "runtime.db").write_bytes(b"my notes, not a database at all" * 100)
    assert "runtime.db cannot be used: file is not a database" in refusal(runtime)
    assert (data / "runtime.db").read_bytes().startswith(b"my notes")


def test_another_programs_database(runtime: Embedded) -> None:
    data = runtime.settings.data
    data.mkdir(parents=True)
    with sqlite3.connect(data / "runtime.db") as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = (data / "runtime.db").read_bytes()
    assert "it is another program's database" in refusal(runtime)
    assert (data / "runtime.db").read_bytes() == before


def test_a_database_of_another_version(start: Starter) -> None:
    runtime = start()
    assert runtime.terminate() == 0
    database = sqlite3.connect(runtime.settings.data / "runtime.db")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    assert "its version is 99" in refusal(runtime)


def test_a_damaged_database(start: Starter) -> None:
    runtime = start()
    assert runtime.terminate() == 0
    path = runtime.settings.data / "runtime.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    before = path.read_bytes()
    line = refusal(runtime)
    assert "runtime.db cannot be used" in line
    assert "restore a copy" in line
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written(runtime: Embedded) -> None:
    assert "the data folder /proc/tasks cannot be" in refusal(runtime, data=Path("/proc/tasks"))


def test_a_folder_that_is_a_file(runtime: Embedded, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be written" in refusal(runtime, data=tmp_path / "file")


def test_a_second_runtime_over_the_same_folder(start: Starter, tmp_path: Path) -> None:
    first = start()
    second = Embedded(tmp_path / "second", APPS)
    assert "another runtime uses the data folder" in refusal(second, data=first.settings.data)
    assert first.process is not None
    assert first.process.poll() is None


def test_the_ports_are_open_to_this_machine_only(start: Starter) -> None:
    runtime = start()
    app = runtime.settings.apps[0]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", app.http_port)) != 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", app.grpc_port)) != 0
