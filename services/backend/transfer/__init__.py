"""Files that carry tasks to and from other programs: one codec a format, pure and without I/O.

A codec never raises for what a file holds: what it cannot read comes back as problems beside the tasks that it could.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.backend.transfer import ics, json_format, todotxt
from services.backend.transfer.parsed import Parsed
from services.kit.task import Profile, Task


@dataclass(frozen=True, slots=True)
class Codec:
    """How one format is named, read and written.

    `read(data, profile, now)` takes a whole file; `profile` says which zone dates and times without one are read in,
    and `now` stands where a file tells of a completion but not of its time. `write(tasks, profile)` yields the file in
    pieces, a task or so each.
    """

    media_type: str
    file_name: str
    read: Callable[[bytes, Profile, datetime], Parsed]
    write: Callable[[Iterable[Task], Profile], Iterator[bytes]]


FORMATS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "json": Codec("application/json", "tasks.json", json_format.read, json_format.write),
        "ics": Codec("text/calendar; charset=utf-8", "tasks.ics", ics.read, ics.write),
        "todo.txt": Codec("text/plain; charset=utf-8", "todo.txt", todotxt.read, todotxt.write),
    }
)
