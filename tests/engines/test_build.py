"""What `make engines` does and says, with stand-ins for the tools that it calls."""

import os
import re
import zipfile
from pathlib import Path

import pytest

from infra.local.engines import __main__ as engines
from infra.local.engines import build, postgresql
from infra.local.engines.build import DAPR, PINS, TOOLS, Cache, EngineError, build_dapr, build_kafka, cache, unpack
from infra.local.options import StartError

PREFIX = f"{DAPR}@v1.2.3/"
GO = """\
echo "go $*" >> "$CALLS"
case "$*" in
  "mod download"*) echo '{{"Version": "v1.2.3", "Zip": "{zip}"}}' ;;
  build*) while [ "$1" != -o ]; do shift; done; touch "$2/daprd" "$2/scheduler" ;;
esac
"""
MVN = """\
echo "mvn $*" >> "$CALLS"
for argument; do case $argument in -DoutputDirectory=*) touch "${argument#*=}/kafka.jar" ;; esac; done
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in PINS:
        file = tmp_path / "tools" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((TOOLS / name).read_bytes())
    return tmp_path / "tools"


class Bin:
    """A folder of stand-ins at the front of PATH; `calls` is how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir()
        self._log = folder / "calls"

    def add(self, name: str, script: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{script}")
        (self.folder / name).chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    found = Bin(tmp_path)
    monkeypatch.setenv("PATH", f"{found.folder}:{os.defpath}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


@pytest.fixture
def module(tmp_path: Path) -> Path:
    archive = tmp_path / "module.zip"
    with zipfile.ZipFile(archive, "w") as writing:
        for name in ("go.mod", "cmd/daprd/app/app.go", "cmd/daprd/components/a.go", "pkg/a.go", "pkg/a_test.go"):
            writing.writestr(PREFIX + name, "package a\n")
        writing.writestr(f"{PREFIX}tests/e2e/a.go", "package a\n")
    return archive


def test_the_cache_is_outside_the_tree_and_named_after_the_pins(tools: Path, tmp_path: Path) -> None:
    first = cache(tools, {"XDG_CACHE_HOME": str(tmp_path / "c")})
    assert first.home.parent == tmp_path / "c" / "task-platform" / "engines"
    assert cache(TOOLS, {"XDG_CACHE_HOME": str(tmp_path / "c")}) == first
    assert not cache(TOOLS, {}).home.is_relative_to(TOOLS.parent)


@pytest.mark.parametrize("pin", PINS)
def test_another_pin_is_another_folder(tools: Path, pin: str) -> None:
    before = cache(tools)
    (tools / pin).write_text((tools / pin).read_text() + "\n")
    assert cache(tools) != before


def test_dapr_is_pinned_with_the_replacements_that_its_own_module_states() -> None:
    pins = (TOOLS / "go.mod").read_text()
    assert "github.com/dapr/dapr v1.16.0" in pins
    assert "github.com/dapr/components-contrib v1.16.0" in pins
    assert pins.count("=>") == 6
    assert "<version>4.1.0</version>" in (TOOLS / "kafka" / "pom.xml").read_text()


def test_the_module_is_unpacked_without_its_register_of_components(module: Path, tmp_path: Path) -> None:
    target = tmp_path / "source"
    (target / "old").mkdir(parents=True)
    unpack(module, target, PREFIX)
    found = {str(file.relative_to(target)) for file in target.rglob("*") if file.is_file()}
    assert found == {"go.mod", "cmd/daprd/app/app.go", "cmd/daprd/components/none.go", "pkg/a.go"}
    assert (target / "cmd/daprd/components/none.go").read_text() == "package components\n"


def test_dapr_is_built_once_from_the_pins_behind_everybody_elses_work(
    stand_ins: Bin, tools: Path, module: Path, tmp_path: Path
) -> None:
    stand_ins.add("go", GO.format(zip=module))
    stand_ins.add("nice", 'echo "nice $1 $2 $3" >> "$CALLS"; shift 2; exec "$@"')
    found = Cache(tmp_path / "built")
    build_dapr(found, tools)
    assert sorted(file.name for file in found.dapr.iterdir()) == ["daprd", "scheduler"]
    built = next(call for call in stand_ins.calls if call.startswith("go build"))
    assert f"-X {DAPR}/pkg/buildinfo.version=1.2.3" in built
    assert built.endswith(f"./daprd {DAPR}/cmd/scheduler")
    assert stand_ins.calls.count("nice -n 10 go") == 3
    done = len(stand_ins.calls)
    build_dapr(found, tools)
    assert len(stand_ins.calls) == done


def test_kafkas_jars_are_fetched_once(stand_ins: Bin, tools: Path, tmp_path: Path) -> None:
    stand_ins.add("mvn", MVN)
    found = Cache(tmp_path / "built")
    build_kafka(found, tools)
    assert [file.name for file in found.kafka.iterdir()] == ["kafka.jar"]
    assert "dependency:copy-dependencies -DincludeScope=runtime" in stand_ins.calls[0]
    build_kafka(found, tools)
    assert len(stand_ins.calls) == 1


@pytest.mark.parametrize(("part", "tool", "step"), [("dapr", "go", build_dapr), ("kafka", "mvn", build_kafka)])
def test_offline_or_refused_names_the_part_and_what_was_said(
    stand_ins: Bin, tools: Path, tmp_path: Path, part: str, tool: str, step: type
) -> None:
    stand_ins.add(tool, "echo 'dial tcp: lookup failed: no such host' >&2; exit 1")
    found = Cache(tmp_path / "built")
    found.home.mkdir()
    with pytest.raises(EngineError) as error:
        step(found, tools)
    text = str(error.value)
    assert text.startswith(f"{part} cannot be built: `{tool} ")
    assert "registry" in text
    assert "no such host" in text
    assert not found.dapr.exists()
    assert not found.kafka.exists()


def test_a_build_that_was_broken_off_is_done_again(stand_ins: Bin, tools: Path, tmp_path: Path) -> None:
    found = Cache(tmp_path / "built")
    stand_ins.add("mvn", "exit 1")
    with pytest.raises(EngineError):
        build_kafka(found, tools)
    stand_ins.add("mvn", MVN)
    build_kafka(found, tools)
    assert found.kafka.is_dir()


@pytest.mark.parametrize(("tool", "step"), [("go", build_dapr), ("mvn", build_kafka)])
def test_a_missing_tool_is_named(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, step: type
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=f"there is no `{tool}` on PATH"):
        step(Cache(tmp_path / "built"), tools)


def test_a_missing_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="kafka needs a Java runtime, 17 or newer"):
        build.java()


def test_postgresql_is_found_on_path(stand_ins: Bin) -> None:
    stand_ins.add("initdb", "")
    assert postgresql.find() == stand_ins.folder.resolve()


def test_postgresql_is_found_where_debian_puts_it_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql, "_DEBIAN", tmp_path)
    assert postgresql.find() is None
    for version in ("9", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        if version != "17":
            (tmp_path / version / "bin" / "initdb").touch()
    assert postgresql.find() == tmp_path / "15" / "bin"


def test_postgresql_that_cannot_be_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="postgresql is missing, and only root can install it"):
        postgresql.install()


def test_it_says_what_it_did_and_how_long_it_took(
    stand_ins: Bin, module: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "keep_classes", lambda found: found.classes.touch())
    stand_ins.add("go", GO.format(zip=module))
    stand_ins.add("mvn", MVN)
    stand_ins.add("java", "")
    stand_ins.add("initdb", "")
    assert engines.main() == 0
    first = capsys.readouterr().out
    for part, verb in {"postgresql": "found", "kafka": "made", "kafka classes": "made", "dapr": "made"}.items():
        assert re.search(rf"^{part}: {verb} in \d+\.\d s: /", first, re.MULTILINE)
    assert engines.main() == 0
    assert len(re.findall(r": found in \d+\.\d s: /", capsys.readouterr().out)) == 4


def test_it_ends_with_one_line_that_names_what_is_missing(stand_ins: Bin, capsys: pytest.CaptureFixture[str]) -> None:
    stand_ins.add("initdb", "")
    stand_ins.add("mvn", "echo refused; exit 1")
    assert engines.main() == 1
    assert capsys.readouterr().err.startswith("error: kafka cannot be built")
