"""The list of differences is the truth: each is met by a case, and shown in the documentation."""

import ast
from pathlib import Path

from tests.conformance.differences import DIFFERENCES, table

HERE = Path(__file__).parent


def named() -> set[str]:
    """Return the differences that cases ask for."""
    calls = (
        node
        for file in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "differs"
    )
    return {call.args[1].value for call in calls if isinstance(call.args[1], ast.Constant)}


def test_every_difference_is_met_by_a_case() -> None:
    assert named() == set(DIFFERENCES)


def test_the_documentation_shows_them() -> None:
    assert table() in (HERE.parents[1] / "docs" / "conformance.md").read_text()
