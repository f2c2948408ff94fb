"""The Dockerfile agrees with the catalogue; that its images build and run is tests/cluster's."""

import re
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
