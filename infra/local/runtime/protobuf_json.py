"""Protobuf messages as JSON with numbers as Go writes them: a whole one without a decimal point."""

from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import Message

_EXACT: Final = 2**53


def document(message: Message) -> Any:  # noqa: ANN401 - a JSON document
    """Return a message as a JSON document; TypeError for an `Any` that holds what JSON has no form for."""
    return _numbered(json_format.MessageToDict(message))


def _numbered(value: Any) -> Any:  # noqa: ANN401 - a JSON document
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _numbered(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_numbered(member) for member in value]
    return value
