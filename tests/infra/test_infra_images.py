"""The Dockerfile agrees with the catalogue, and the script asks an engine for the images; tests/cluster builds them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from components.catalogue import CATALOGUE
from components.model import Service

ROOT = Path(__file__).parents[2]
STAGES = re.split(r"(?m)^FROM ", (ROOT / "Dockerfile").read_text())
SERVICES = pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda s: s.app_id)


def stage(name: str) -> str:
    (found,) = [text for text in STAGES if text.splitlines()[0].endswith(f" AS {name}")]
    return found


def test_there_is_a_target_for_each_service_and_no_other() -> None:
    targets = re.findall(r"(?m)^FROM runtime AS (\S+)$", (ROOT / "Dockerfile").read_text())
    assert sorted(targets) == sorted(service.app_id for service in CATALOGUE.services)


@SERVICES
def test_an_image_runs_its_own_service(service: Service) -> None:
    folder = service.package.replace(".", "/")
    text = stage(service.app_id)
    assert f'CMD ["python", "-m", "{service.package}"]' in text
    assert f'CMD ["python", "-m", "services.kit.alive", "{service.app_id}"]' in text
    assert f"COPY --from=code /app/{folder} {folder}\n" in text
    assert f'org.opencontainers.image.title="{service.app_id}"' in text
    assert "USER" not in text, "the one of the common stage stays"


@SERVICES
def test_an_image_has_the_packages_of_its_service_alone(service: Service) -> None:
    requirements = f"{service.app_id}.txt"
    assert f"COPY requirements/{requirements} ./\nRUN ./image-packages.sh {requirements}" in stage(
        f"{service.app_id}-packages"
    )
    assert f"COPY --from={service.app_id}-packages /venv /venv" in stage(service.app_id)
    assert (ROOT / "requirements" / requirements).is_file()


def test_images_run_as_the_user_that_pods_name() -> None:
    assert "USER 10001:10001" in stage("runtime")


def test_the_tag_of_the_base_image_is_the_python_that_requirements_are_resolved_for() -> None:
    (resolved,) = re.findall(r"--python-version (\S+)", (ROOT / "Makefile").read_text())
    assert f"/python:{resolved}-" in STAGES[0]


DIGEST = f"sha256:{'a' * 64}"
DOCKER = f"""#!/bin/sh
echo "$1" >> "$CALLS"
[ "$1" != inspect ] || echo "registry/app@{DIGEST}"
"""


def images(tmp_path: Path, *, page: bool = True, **environment: str) -> tuple[int, str, list[str]]:
    """Run the script in a copy of its own, with a stand-in for Docker; return exit code, output, and what it called."""
    for name in ("infra/images.sh", "Dockerfile", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    for program in ("bash", "sh", "dirname", "sed"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or program)
    if page:
        (tmp_path / "services/frontend/web/out").mkdir(parents=True)
        (tmp_path / "services/frontend/web/out/index.html").touch()
    calls = tmp_path / "calls"
    calls.touch()
    ended = subprocess.run(
        [tmp_path / "infra" / "images.sh"],
        env={"PATH": str(tmp_path / "bin"), "CALLS": str(calls), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, calls.read_text().split()


def test_what_is_pushed_is_named_by_its_digests_for_the_next_script(tmp_path: Path) -> None:
    code, said, called = images(tmp_path, PUSH="1", TAG="1")
    apps = [service.app_id for service in CATALOGUE.services]
    assert code == 0
    assert called.count("build") == called.count("push") == len(apps)
    found = re.findall(r"(?m)^pulumi config set --path 'imageDigests\.(\S+)' (\S+)$", said)
    assert sorted(found) == sorted((app, DIGEST) for app in apps)


def test_without_the_page_nothing_is_pushed(tmp_path: Path) -> None:
    code, said, called = images(tmp_path, page=False, PUSH="1")
    assert (code, called) == (1, ["version"])
    assert said.startswith("the page is not built, and the frontend would be pushed without it")


def test_an_engine_that_is_not_known_or_not_there_is_named(tmp_path: Path) -> None:
    assert images(tmp_path, ENGINE="podman")[:2] == (1, "ENGINE is docker or buildah, not podman\n")
    (tmp_path / "bin" / "docker").write_text("#!/bin/sh\nexit 1\n")
    again = subprocess.run(
        [tmp_path / "infra" / "images.sh"],
        env={"PATH": str(tmp_path / "bin")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 1
    assert "images are built by Docker or by buildah, and neither is here" in again.stderr
