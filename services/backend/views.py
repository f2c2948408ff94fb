"""The orders of a list, kept sorted while tasks come and go: one view for each order and status that is asked for."""

from bisect import bisect_left
from enum import StrEnum
from typing import Any

from services.backend.row import FAR, Row
from services.kit.task import Status

Key = tuple[Any, ...]


class Sort(StrEnum):
    """The orders of a list; `-` before one turns it round."""

    DUE = "due"
    PRIORITY = "priority"
    CREATED = "created"
    UPDATED = "updated"
    TITLE = "title"
    DUE_DESCENDING = "-due"
    PRIORITY_DESCENDING = "-priority"
    CREATED_DESCENDING = "-created"
    UPDATED_DESCENDING = "-updated"
    TITLE_DESCENDING = "-title"


class StatusFilter(StrEnum):
    """Which tasks a list shows."""

    OPEN = "open"
    COMPLETED = "completed"
    ALL = "all"

    def shows(self, status: Status) -> bool:
        """Tell whether a task of that status is shown."""
        return self is StatusFilter.ALL or self.value == status.value


class View:
    """The tasks of one status in one order; `keys`, `rows` and every column run side by side."""

    def __init__(self, sort: Sort, status: StatusFilter, rows: list[Row]) -> None:
        self._sort = sort
        self._status = status
        shown = sorted(((key(row, sort), row) for row in rows if status.shows(row.task.status)), key=lambda p: p[0])
        self.keys = [place for place, _ in shown]
        self.rows = [row for _, row in shown]
        self._columns: dict[str, list[Any]] = {}

    def column(self, name: str) -> list[Any]:
        """Return an attribute of every row, in their order: much faster to go through than the rows themselves."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = [getattr(row, name) for row in self.rows]
        return column

    def replace(self, old: Row | None, new: Row | None) -> None:
        """Take one task out and another in."""
        if old is not None and self._status.shows(old.task.status):
            place = bisect_left(self.keys, key(old, self._sort))
            del self.keys[place], self.rows[place]
            for column in self._columns.values():
                del column[place]
        if new is not None and self._status.shows(new.task.status):
            wanted = key(new, self._sort)
            place = bisect_left(self.keys, wanted)
            self.keys.insert(place, wanted)
            self.rows.insert(place, new)
            for name, column in self._columns.items():
                column.insert(place, getattr(new, name))


class Views:
    """The views of a list that were asked for since its last great change."""

    def __init__(self) -> None:
        self._views: dict[tuple[Sort, StatusFilter], View] = {}

    def get(self, sort: Sort, status: StatusFilter, rows: dict[Any, Row]) -> View:
        """Return the view of `rows` in that order."""
        view = self._views.get((sort, status))
        if view is None:
            view = self._views[sort, status] = View(sort, status, list(rows.values()))
        return view

    def replace(self, old: Row | None, new: Row | None) -> None:
        """Take one task out of every view and another in."""
        for view in self._views.values():
            view.replace(old, new)

    def clear(self) -> None:
        """Forget all views."""
        self._views.clear()


def key(row: Row, sort: Sort) -> Key:
    """Return a task's place in an order, as JSON can hold it; the id makes it unique. A missing due comes last."""
    task = row.task
    descending = sort.value.startswith("-")
    name = sort.value.removeprefix("-")
    value: Any
    if name == "title":
        value = [*(-ord(c) for c in row.title), 1] if descending else row.title
        return value, task.id.hex
    if name == "due":
        return row.due == FAR, -row.due if descending else row.due, task.id.hex
    times = {"created": task.created_at, "updated": task.updated_at}
    value = times[name].timestamp() if name in times else row.rank
    return -value if descending else value, task.id.hex
