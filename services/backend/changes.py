"""Changes that may take several commits: undo, import, a new time zone. All commits of one carry its change id.

Each can be cut off between two commits and asked for again: it goes on under the same change id.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.backend import undo
from services.backend.imports import OnConflict, Tally, parts, take_in
from services.backend.log import Intent, Outcome, TaskLog
from services.backend.tasklist import LogEvent, Reply, TaskList
from services.backend.transfer.parsed import Entry, Parsed
from services.backend.workspace import Workspace
from services.kit.events import EventType
from services.kit.ids import uuid7
from services.kit.pages import PageMissing
from services.kit.problems import Problem
from services.kit.task import Profile

_UNDO_EVENTS = 300
_UNDO_BYTES = 600_000


async def undo_change(log: TaskLog, person: str, wanted: UUID | None, intent: Intent) -> Outcome:
    """Take back the change `wanted`, or the person's latest; refusals as in `services.backend.undo`."""
    tasks = await log.read(person)
    if repeated := await log.repeated(tasks, intent):
        return Outcome(repeated.reply, repeated, tasks)
    change_id = wanted or _resumed_target(tasks, intent) or undo.latest_change(tasks)
    known = tasks.changes.get(change_id)
    resuming = known.undone_by if known else None
    if resuming is not None and not tasks.changes[resuming].partial:
        resuming = None
    undo.change_to_undo(tasks, change_id, resuming)
    groups = await _events_of(log, tasks, change_id)
    undo.check_untouched(Workspace(tasks, datetime.now(UTC)), change_id, groups, resumed=resuming is not None)
    undo_id = resuming or uuid7()
    ids = [events[0].task.id for events in groups if events[0].task]
    runs = list(_runs(groups))
    outcome = None
    for number, run in enumerate(runs, 1):
        last = number == len(runs)
        step = Intent(intent.actor, intent.key, intent.request, undo_id, change_id, partial=not last)
        reply = undo.summary(change_id, ids)
        outcome = await log.execute(person, _UndoStep(change_id, undo_id, run, reply), step)
    if outcome is None:
        raise Problem(409, f"The change {change_id} has nothing that could be undone.")
    return outcome


def _resumed_target(tasks: TaskList, intent: Intent) -> UUID | None:
    use = tasks.keys.get(intent.key) if intent.key else None
    change = tasks.changes.get(use.change) if use and use.partial else None
    return change.undoes if change else None


class _UndoStep:
    """The command that takes back some tasks' events of a change; what an earlier try took back is left alone."""

    def __init__(self, change_id: UUID, undo_id: UUID, run: Sequence[Sequence[LogEvent]], reply: Reply) -> None:
        self._change_id = change_id
        self._undo_id = undo_id
        self._run = run
        self._reply = reply

    def __call__(self, work: Workspace) -> Reply:
        begun = work.base.changes.get(self._undo_id)
        undo.change_to_undo(work.base, self._change_id, self._undo_id)
        undo.check_untouched(work, self._change_id, self._run, resumed=begun is not None)
        for events in self._run:
            if begun is not None and undo.is_taken_back(work, events):
                continue
            for event in events:
                undo.take_back(work, event)
        return self._reply


async def _events_of(log: TaskLog, tasks: TaskList, change_id: UUID) -> list[list[LogEvent]]:
    """Return the events of a change, a list for each task, both the latest first; but the profile's before all.

    (The times of reminders follow from it.)
    """
    groups: dict[UUID | None, list[LogEvent]] = {}
    pages = {page for _, _, page in tasks.changes[change_id].spans}
    try:
        for page in sorted(pages, reverse=True):
            for commit in reversed(await log.commits(tasks, page)):
                for event in reversed(commit.events if commit.change == change_id else ()):
                    groups.setdefault(event.task.id if event.task else None, []).append(event)
    except PageMissing:
        raise Problem(409, f"The change {change_id} is gone with the list it belonged to.") from None
    return sorted(groups.values(), key=lambda events: events[0].task is not None)


def _runs(groups: Sequence[Sequence[LogEvent]]) -> Sequence[Sequence[Sequence[LogEvent]]]:
    """Return the groups in runs that fit a commit each."""
    runs: list[list[Sequence[LogEvent]]] = []
    count = size = 0
    for events in groups:
        grown = sum(1_500 + 3 * (len(e.task.description) if e.task else 0) for e in events)
        if not runs or count + len(events) > _UNDO_EVENTS or size + grown > _UNDO_BYTES:
            runs.append([])
            count = size = 0
        runs[-1].append(events)
        count, size = count + len(events), size + grown
    return runs


async def import_tasks(log: TaskLog, person: str, parsed: Parsed, on_conflict: OnConflict, intent: Intent) -> Outcome:
    """Take in what was read of a file; several commits, one change."""
    tasks = await log.read(person)
    if repeated := await log.repeated(tasks, intent):
        return Outcome(repeated.reply, repeated, tasks)
    use = tasks.keys.get(intent.key) if intent.key else None
    change = use.change if use and use.partial else uuid7()
    total = Tally()
    runs = list(parts(parsed.drafts)) or [()]
    first = 0
    for number, run in enumerate(runs, 1):
        last = number == len(runs)
        take = _ImportStep(run, first, on_conflict, change, total, parsed if last else None)
        step = Intent(intent.actor, intent.key, intent.request, change, partial=not last)
        outcome = await log.execute(person, take, step)
        total.merge(take.part)
        first += len(run)
    return outcome


class _ImportStep:
    """The command that takes in one run of an import; the last one answers for all of them."""

    def __init__(
        self,
        run: Sequence[Entry],
        first: int,
        on_conflict: OnConflict,
        change: UUID,
        before: Tally,
        parsed: Parsed | None,
    ) -> None:
        self._run = run
        self._first = first
        self._on_conflict = on_conflict
        self._change = change
        self._before = before
        self._parsed = parsed
        self.part = Tally()

    def __call__(self, work: Workspace) -> Reply:
        self.part = Tally()
        take_in(work, self._run, self._on_conflict, self.part, self._change, self._first)
        if self._parsed is None:
            return Reply()
        total = Tally()
        total.merge(self._before)
        total.merge(self.part)
        return Reply(extra=_report(total, self._parsed))


def preview_import(tasks: TaskList, parsed: Parsed, on_conflict: OnConflict) -> dict[str, Any]:
    """Return what an import would come to, without a trace of it."""
    tally = Tally()
    take_in(Workspace(tasks, datetime.now(UTC)), parsed.drafts, on_conflict, tally)
    return _report(tally, parsed)


def _report(tally: Tally, parsed: Parsed) -> dict[str, Any]:
    problems = [problem.model_dump(mode="json") for problem in parsed.problems]
    return tally.as_extra() | {"problems": problems, "problems_omitted": parsed.omitted}


async def set_profile(log: TaskLog, person: str, values: dict[str, str], intent: Intent) -> Outcome:
    """Change the person's profile; reminders that follow a date or a floating time move with the time zone."""

    def command(work: Workspace) -> Reply:
        profile = Profile.model_validate(work.profile.model_dump() | values)
        if profile != work.profile:
            work.set_profile(profile)
        for row in list(work.base.rows.values()):
            if len(work.events) >= _UNDO_EVENTS:
                break
            _move_reminders(work, row.task.id)
        return Reply(extra={"more": len(work.events) >= _UNDO_EVENTS})

    outcome = await log.execute(person, command, intent)
    while outcome.reply.extra.get("more") and outcome.commit is not None:
        outcome = await log.execute(person, command, Intent(intent.actor, change=outcome.commit.change))
    return outcome


def _move_reminders(work: Workspace, task_id: UUID) -> None:
    task = work.get(task_id)
    if task is None or task.due is None or not any(r.before for r in task.reminders):
        return
    if work.settled(task, task) != task.reminders:
        work.emit(EventType.UPDATED, task)
