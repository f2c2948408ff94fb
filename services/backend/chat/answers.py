"""Words for tasks, and days read from words: what the rules' answers are made of."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from services.backend.chat.plan import Asked
from services.backend.quick import QuickTask, read
from services.backend.quick.describe import day as day_words
from services.backend.row import Row
from services.kit.due import wall_clock, zone
from services.kit.task import Due, DueDate, Task

SHOWN: Final = 20


def quick(asked: Asked, line: str) -> QuickTask:
    """Return a line read as a quick line, at the person's place."""
    return read(line, asked.now, asked.tasks.profile.time_zone, asked.tasks.profile.locale)


def is_quick(asked: Asked, line: str) -> bool:
    """Tell whether a line, without "add", is a task: something of it was understood, and it asks nothing."""
    found = quick(asked, line)
    return bool(found.spans) and not line.rstrip().endswith("?") and found.title != line


def due_words(due: Due, time_zone: str) -> str:
    """Return when a task is due."""
    wall = wall_clock(due, time_zone)
    return day_words(wall.date()) + ("" if isinstance(due, DueDate) else f" at {wall:%H:%M}")


def line(task: Task, time_zone: str) -> str:
    """Return a task in one line; its title in quotes, as data."""
    when = f", due {due_words(task.due, time_zone)}" if task.due else ""
    return f"“{task.title}”{when}"


def listed(tasks: Sequence[Task], time_zone: str, *, numbers: bool = False) -> str:
    """Return tasks, one a line, the first of many."""
    shown = [line(task, time_zone) for task in tasks[:SHOWN]]
    marks = [f"{n}. " if numbers else "- " for n in range(1, len(shown) + 1)]
    more = [f"… and {len(tasks) - SHOWN} more"] if len(tasks) > SHOWN else []
    return "\n".join([*(mark + text for mark, text in zip(marks, shown, strict=True)), *more])


def listed_rows(asked: Asked, rows: Sequence[Row], *, numbers: bool = False) -> str:
    """Return the tasks of rows as `listed` does, at the person's place."""
    return listed([row.task for row in rows], asked.tasks.profile.time_zone, numbers=numbers)


def counted(count: int) -> str:
    """Return so many tasks in words."""
    return "1 task" if count == 1 else f"{count} tasks"


def today(asked: Asked) -> date:
    """Return the person's date."""
    return wall(asked).date()


def wall(asked: Asked) -> datetime:
    """Return what the person's clock shows."""
    return asked.now.astimezone(zone(asked.tasks.profile.time_zone)).replace(tzinfo=None)


def span_of(asked: Asked, words: str) -> tuple[date, date, str] | None:
    """Return the first and last day that words name, and how to call them; None where they name none."""
    first = today(asked)
    week = first - timedelta(days=first.weekday())
    for name, begin, days in (
        ("this week", first, 6 - first.weekday()),
        ("next week", week + timedelta(days=7), 6),
        ("last week", week - timedelta(days=7), 6),
        ("this weekend", week + timedelta(days=5), 1),
    ):
        if name in words:
            return begin, begin + timedelta(days=days), name
    if "this month" in words:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first, following - timedelta(days=1), "this month"
    ahead = re.search(r"\bnext (\d{1,3}) (day|week)s?\b", words)
    if ahead is not None:
        days = int(ahead[1]) * (7 if ahead[2] == "week" else 1)
        return first, first + timedelta(days=days), f"in the {ahead[0]}"
    found = quick(asked, f"x {words.strip()}")
    if found.due is None or found.recurrence is not None:
        return None
    day = wall_clock(found.due, asked.tasks.profile.time_zone).date()
    return day, day, day_words(day)
