"""The platform's own format: everything of every task, so that a list can move between platforms without a loss.

`{"format": "task-platform", "version": 1, "tasks": [...]}`, each task as `GET /api/tasks/{id}` shows it; a bare array
of tasks is read as well. One task a line, so that two exports can be compared.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from services.backend.schemas import TaskDraft
from services.backend.transfer.parsed import Parsed, Reading
from services.backend.transfer.text import as_utf8
from services.kit.task import Profile, Task

FORMAT: Final = "task-platform"
VERSION: Final = 1

_READ: Final = frozenset(TaskDraft.model_fields)
_READ_ONLY: Final = frozenset(Task.model_fields) - _READ


def write(tasks: Iterable[Task], profile: Profile) -> Iterator[bytes]:
    """Yield the file, one task a piece."""
    del profile
    yield json.dumps({"format": FORMAT, "version": VERSION})[:-1].encode() + b', "tasks": ['
    separator = b"\n"
    for task in tasks:
        yield separator + task.model_dump_json().encode()
        separator = b",\n"
    yield b"\n]}\n"


def read(data: bytes, profile: Profile, now: datetime) -> Parsed:
    """Read a file. A task that is refused names its index (`tasks[3]`) and its field, and the others come in."""
    reading = Reading(profile, now)
    for index, value in enumerate(_tasks(data, reading)):
        if reading.has_room():
            _read_task(index, value, reading)
    return reading.parsed()


def _tasks(data: bytes, reading: Reading) -> list[Any]:
    # Bytes that are no UTF-8 become unpaired surrogates, which only the task that they stand in is refused for.
    text = as_utf8(data).decode(errors="surrogateescape")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        reading.spot(error.lineno).error(None, f"not JSON: {error.msg} at column {error.colno}")
        return []
    except (ValueError, RecursionError):
        reading.spot().error(None, "not JSON that can be read: a number too long, or arrays in arrays too deep")
        return []
    return _list_of(document, reading)


def _list_of(document: Any, reading: Reading) -> list[Any]:  # noqa: ANN401 - whatever a file holds
    if isinstance(document, list):
        return document
    tasks = document.get("tasks") if isinstance(document, dict) else None
    if not isinstance(tasks, list):
        message = f'give {{"format": "{FORMAT}", "version": {VERSION}, "tasks": [...]}} or an array of tasks'
        reading.spot().error("tasks", message)
        return []
    if document.get("format", FORMAT) != FORMAT or document.get("version", VERSION) != VERSION:
        reading.spot().error("version", f"only version {VERSION} of the format {FORMAT!r} is read")
        return []
    return tasks


def _read_task(index: int, value: Any, reading: Reading) -> None:  # noqa: ANN401 - whatever a file holds
    spot = reading.spot(item=f"tasks[{index}]")
    if not isinstance(value, dict):
        spot.error(None, f"a task is an object, not {_kind(value)}")
        return
    for name in sorted(value.keys() - _READ - _READ_ONLY)[:10]:
        spot.warn(name[:80].encode(errors="replace").decode(), "a task has no such field; it is left out")
    reading.add(spot, {name: value[name] for name in value.keys() & _READ})


def _kind(value: Any) -> str:  # noqa: ANN401 - whatever a file holds
    return {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
