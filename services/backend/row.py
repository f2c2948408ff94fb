"""A task of a folded list, with what queries ask of it computed once."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from unicodedata import combining, normalize

from services.backend.schemas import tag_key
from services.kit.due import due_moment
from services.kit.task import Priority, Status, Task

FAR: Final = datetime.max.replace(tzinfo=UTC).timestamp()
TITLE_KEY: Final = 200  # characters of a title that count for its order, so that a cursor fits an address
RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}


class Row:
    """A task, and the seq of the person's last event on it (0 where only services touched it).

    `time_zone` is the person's, which dates and floating times are read in.
    """

    def __init__(self, task: Task, person_seq: int, time_zone: str) -> None:
        self.task = task
        self.person_seq = person_seq
        self._time_zone = time_zone

    @cached_property
    def body(self) -> bytes:
        """The task as JSON."""
        return self.task.model_dump_json().encode()

    @cached_property
    def title(self) -> str:
        """The title as it sorts."""
        return folded(self.task.title)[:TITLE_KEY]

    @cached_property
    def haystack(self) -> str:
        """What a search looks through."""
        return folded("\n".join((self.task.title, self.task.description, *self.task.tags)))

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags, in the form they are compared in."""
        return frozenset(tag_key(tag) for tag in self.task.tags)

    @cached_property
    def rank(self) -> int:
        """The priority as a number, higher for what matters more."""
        return RANKS[self.task.priority]

    @property
    def is_open(self) -> bool:
        """Whether the task is still to be done."""
        return self.task.status is Status.OPEN

    @cached_property
    def due(self) -> float:
        """The moment after which the task is overdue, as a timestamp; FAR where it has no due."""
        return due_moment(self.task.due, self._time_zone).timestamp() if self.task.due else FAR


def folded(text: str) -> str:
    """Return `text` as it is compared in a search: without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c)).casefold()
