"""Tasks written as a todo.txt file."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote

from services.backend.transfer.todotxt.grammar import escaped, tag_of
from services.backend.transfer.todotxt.repeat import word_of
from services.kit.due import on_clock, resolve, zone
from services.kit.task import Due, DueAt, DueDate, Priority, Profile, Status, Task

LETTERS: Final = {Priority.URGENT: "A", Priority.HIGH: "B", Priority.MEDIUM: "C", Priority.LOW: "D"}
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]+")


def write(tasks: Iterable[Task], profile: Profile) -> Iterator[bytes]:
    """Yield the file, one line a piece; days are those of the person's zone."""
    for task in tasks:
        title, tags = _title_and_tags(task)
        words = [*_head(task, profile.time_zone), *title, *tags, *_fields(task)]
        yield " ".join(words).encode() + b"\n"


def _head(task: Task, time_zone: str) -> Iterator[str]:
    letter = LETTERS.get(task.priority)
    if task.status is Status.COMPLETED:
        yield "x"
        if task.completed_at is None:
            return  # a single date would be that of the completion
        yield _day(task.completed_at, time_zone)
    elif letter:
        yield f"({letter})"
    yield _day(task.created_at, time_zone)


def _day(moment: datetime, time_zone: str) -> str:
    return moment.astimezone(zone(time_zone)).date().isoformat()


def _title_and_tags(task: Task) -> tuple[list[str], list[str]]:
    """Return the words of both. A tag that stands in the middle of the title is not written again."""
    words = _UNWRITABLE.sub(" ", task.title).strip().split(" ")
    plain = [index for index, word in enumerate(words) if word and escaped(word, first=index == 0) == word]
    tags = list(task.tags)
    title = []
    for index, word in enumerate(words):
        tag = tag_of(word)
        if tag in tags and plain and plain[0] < index < plain[-1]:
            tags.remove(tag)
            title.append(word)
        else:
            title.append(escaped(word, first=index == 0))
    return title, [_tag_word(tag) for tag in tags]


def _tag_word(tag: str) -> str:
    if " " in tag or not tag.isprintable():
        return f"tag:{quote(tag, safe='')}"
    return tag if tag.startswith("@") and len(tag) > 1 else f"+{tag}"


def _fields(task: Task) -> Iterator[str]:
    yield from _due_words(task.due)
    if task.recurrence is not None:
        yield word_of(task.recurrence)
    if task.status is Status.COMPLETED and task.priority in LETTERS:
        yield f"pri:{LETTERS[task.priority]}"
    if task.external_id is not None:
        yield f"uid:{quote(task.external_id, safe='@:/')}"
    yield f"id:{task.id}"


def _due_words(due: Due | None) -> Iterator[str]:
    if due is None:
        return
    if isinstance(due, DueDate):
        yield f"due:{due.date}"
        return
    wall = due.at if isinstance(due, DueAt) else due.local
    clock = wall.timetz()
    if isinstance(due, DueAt) and due.time_zone is not None:
        tz = zone(due.time_zone)
        wall = on_clock(due.at, tz)
        # Only the later of two equal readings on a clock needs its offset.
        clock = wall.time() if resolve(wall.replace(tzinfo=None), tz) == due.at else wall.timetz()
    yield f"due:{wall.date()}"
    yield f"at:{clock.isoformat(timespec='auto' if clock.second or clock.microsecond else 'minutes')}"
    if isinstance(due, DueAt) and due.time_zone is not None:
        yield f"tz:{due.time_zone}"
