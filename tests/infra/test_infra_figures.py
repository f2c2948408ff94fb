"""The figures that the provisioning code is held to, and that the catalogue alone names what is in it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from stack_program import ROOT

from components.catalogue import CATALOGUE, EMAIL_BINDING, PUBSUB, RELAY_PUBSUB, SECRET_STORE, STATE_STORE
from components.model import Topic

MODULES = sorted(path for folder in (".", "policy", "preview") for path in (ROOT / "infra" / folder).glob("*.py"))
RENDERING = ROOT / "components" / "kubernetes.py"
HOMONYMS = {
    "kube": {"audit"},  # a mode of Pod Security
    "entrances": {"backend"},  # a field of an Ingress
    "mocked": {"email"},  # of an account on Google Cloud
}
EACH = pytest.mark.parametrize("module", [*MODULES, RENDERING], ids=lambda path: path.stem)


@EACH
def test_no_module_has_more_than_200_lines(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 200


@EACH
def test_no_function_has_more_than_50_lines(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


def constants(module: Path) -> Iterator[object]:
    """Yield every literal but docstrings."""
    tree = ast.parse(module.read_text())
    texts = [
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in texts:
            yield node.value


@EACH
def test_the_catalogue_alone_names_topics_ports_app_ids_and_paths(module: Path) -> None:
    names: set[object] = {topic.value for topic in Topic}
    names |= {PUBSUB, RELAY_PUBSUB, STATE_STORE, SECRET_STORE, EMAIL_BINDING}
    names |= {service.app_id for service in CATALOGUE.services}
    names |= {edge.path for service in CATALOGUE.services for edge in service.invokes}
    names |= {secret.name for service in CATALOGUE.services for secret in service.secrets}
    names |= {service.port for service in CATALOGUE.services}
    assert not (names - HOMONYMS.get(module.stem, set())) & set(constants(module))


@EACH
def test_every_module_says_why_it_exists(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text()))


def test_no_module_hides_one_of_pythons_own() -> None:
    """Pulumi puts the folder of the program first on the path."""
    assert not {module.stem for module in MODULES} & set(sys.stdlib_module_names)


def test_no_resource_is_made_inside_apply() -> None:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply":
                assert "ResourceOptions" not in ast.unparse(node), module.name


def test_every_component_registers_its_outputs_last() -> None:
    found = 0
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ClassDef) and "ComponentResource" in " ".join(map(ast.unparse, node.bases)):
                init = next(f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__")
                assert "self.register_outputs(" in ast.unparse(init.body[-1]), node.name
                found += 1
    assert found >= 12


def test_pulumi_finds_the_pip_that_it_asks_for_the_programs_packages() -> None:
    """Its language host runs `python -m pip list` in the virtual environment, and starts no program without."""
    runtime = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["runtime"]["options"]
    assert runtime == {"toolchain": "pip", "virtualenv": ".venv"}
    assert re.search(r"(?m)^pip==", (ROOT / "requirements" / "test.txt").read_text())
