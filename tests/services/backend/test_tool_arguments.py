"""What a model is told of arguments that do not fit a tool: what is wrong, in words that it can mend them by."""

from typing import Any

import pytest

from services.backend.tools.registry import TOOLS, checked
from services.kit.problems import Problem


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get_task", {"task": "x"}, "id: Field required; task: is no argument of get_task; there are: id"),
        ("list_tags", {"q": "x"}, "q: is no argument of list_tags; there are: none"),
        ("quick_add", {"text": "y" * 1001}, "text: must have at most 1000 characters, has 1001"),
        ("quick_add", {"text": ""}, "text: must have at least 1 character, has 0"),
        ("batch_tasks", {"operations": []}, "operations: must have at least 1 item, has 0"),
        ("list_tasks", {"tags": ["t"] * 51}, "tags: must have at most 50 items, has 51"),
        ("add_task", {"title": "x", "due": {"date": "2030-01-01", "hour": 9}}, "due.hour: there is no such field"),
    ],
)
def test_arguments_are_refused_in_words_that_help(tool: str, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(TOOLS[tool], arguments)
    assert refused.value.detail == said


def test_a_refused_item_is_not_a_list_that_is_too_short() -> None:
    with pytest.raises(Problem) as refused:
        checked(TOOLS["batch_tasks"], {"operations": [{"op": "explode"}]})
    assert [error.field for error in refused.value.errors] == ["operations.0"]


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_argument_that_names_a_thing_says_where_its_id_is_from(tool: Any) -> None:
    named = tool.arguments.model_json_schema().get("properties", {}).get("id")
    assert named is None or named.get("description") or named.get("pattern")
