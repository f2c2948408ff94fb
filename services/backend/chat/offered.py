"""The tools as a language model is told of them: those that the caller's scopes allow, and that suit a turn."""

from collections.abc import Mapping
from typing import Any, Final

from services.backend.chat.draft import DRAFTED
from services.backend.tools import registry
from services.backend.tools.tool import Call, Tool
from services.kit.conversation import Function

_LARGE: Final = frozenset({"export_tasks"})  # the whole list as text is no use to a model
_OURS: Final = frozenset({"idempotency_key", "version"})  # a turn has both of its own


def offered(call: Call) -> dict[str, Function]:
    """Return the functions that a turn of this caller may use, by name; there is no other."""
    return {name: function for name, function in _FUNCTIONS.items() if registry.TOOLS[name].scope in call.caller.scopes}


def _suits(tool: Tool[Any]) -> bool:
    return tool.name in DRAFTED or (tool.is_read_only and tool.scope.value == "tasks:read" and tool.name not in _LARGE)


def _function(tool: Tool[Any]) -> Function:
    schema = tool.arguments.model_json_schema()
    parameters = _plain(schema, schema.get("$defs", {}))
    properties = {name: value for name, value in parameters.get("properties", {}).items() if name not in _OURS}
    required = [name for name in parameters.get("required", ()) if name not in _OURS]
    return Function(tool.name, tool.description, {"type": "object", "properties": properties, "required": required})


def _plain(schema: Any, definitions: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return a schema without references, which not every provider follows."""
    if isinstance(schema, list):
        return [_plain(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        more = {name: value for name, value in schema.items() if name != "$ref"}
        return _plain({**definitions[reference.rpartition("/")[2]], **more}, definitions)
    unread = {"$defs", "discriminator", "examples"}
    return {name: _plain(value, definitions) for name, value in schema.items() if name not in unread}


_FUNCTIONS: Final = {name: _function(tool) for name, tool in registry.TOOLS.items() if _suits(tool)}
