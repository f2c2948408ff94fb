"""Changes that may take several commits: undo, import, a new time zone. All commits of one carry its change id.

Each can be cut off between two commits and asked for again: it goes on under the same change id.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from services.backend import undo
from services.backend.commit import Intent, Outcome
from services.backend.folding import Folded
from services.backend.imports import OnConflict, Placed, Tally, take_in
from services.backend.log import TaskLog
from services.backend.parts import MOST, in_parts
from services.backend.tasklist import LogEvent, Reply, TaskList
from services.backend.transfer.parsed import Parsed
from services.backend.workspace import Workspace
from services.kit.events import EventType
from services.kit.ids import uuid7
from services.kit.pages import PageMissing
from services.kit.problems import Problem
from services.kit.task import Profile

_PROFILE_EVENTS = 300


async def undo_change(log: TaskLog, person: str, wanted: UUID | None, intent: Intent) -> Outcome:
    """Take back the change `wanted`, or the person's latest; refusals as in `services.backend.undo`."""
    folded = await log.synced(person)
    tasks = folded.tasks
    if repeated := await log.repeated(folded, intent):
        return Outcome(repeated.reply, repeated, tasks)
    change_id = wanted or _resumed_target(tasks, intent) or undo.latest_change(tasks)
    known = tasks.changes.get(change_id)
    resuming = known.undone_by if known else None
    if resuming is not None and not tasks.changes[resuming].partial:
        resuming = None
    undo.change_to_undo(tasks, change_id, resuming)
    groups = await _events_of(log, folded, change_id)
    undo.check_untouched(Workspace(tasks, datetime.now(UTC)), change_id, groups, resumed=resuming is not None)
    if not groups:
        raise Problem(409, f"The change {change_id} has nothing that could be undone.")
    undo_id = resuming or uuid7()
    reply = undo.summary(change_id, [events[0].task.id for events in groups if events[0].task])

    async def step(run: Sequence[Sequence[LogEvent]], is_last: bool) -> Outcome:
        part = Intent(intent.actor, intent.key, intent.request, undo_id, change_id, partial=not is_last)
        return await log.execute(person, _UndoStep(change_id, undo_id, run, reply), part)

    return await in_parts(groups, step)


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


async def _events_of(log: TaskLog, folded: Folded, change_id: UUID) -> list[list[LogEvent]]:
    """Return the events of a change, a list for each task, both the latest first; but the profile's before all.

    (The times of reminders follow from it.)
    """
    groups: dict[UUID | None, list[LogEvent]] = {}
    pages = {page for _, _, page in folded.tasks.changes[change_id].spans}
    try:
        for page in sorted(pages, reverse=True):
            for commit in reversed(await log.commits(folded, page)):
                for event in reversed(commit.events if commit.change == change_id else ()):
                    groups.setdefault(event.task.id if event.task else None, []).append(event)
    except PageMissing:
        raise Problem(409, f"The change {change_id} is gone with the list it belonged to.") from None
    return sorted(groups.values(), key=lambda events: events[0].task is not None)


async def import_tasks(log: TaskLog, person: str, parsed: Parsed, on_conflict: OnConflict, intent: Intent) -> Outcome:
    """Take in what was read of a file; several commits, one change."""
    folded = await log.synced(person)
    if repeated := await log.repeated(folded, intent):
        return Outcome(repeated.reply, repeated, folded.tasks)
    change = _import_change(folded.tasks, intent)
    total = Tally()

    async def step(run: Sequence[Placed], is_last: bool) -> Outcome:
        take = _ImportStep(run, on_conflict, change, total, parsed if is_last else None)
        part = Intent(intent.actor, intent.key, intent.request, change, partial=not is_last)
        outcome = await log.execute(person, take, part)
        total.merge(take.part)
        return outcome

    return await in_parts(list(enumerate(parsed.drafts)), step)


def _import_change(tasks: TaskList, intent: Intent) -> UUID:
    """Return the change of an import: the one that goes on, or the same for all who begin it under one key at once."""
    use = tasks.keys.get(intent.key) if intent.key else None
    if use is not None and use.partial:
        return use.change
    if intent.key is None:
        return uuid7()
    return uuid5(NAMESPACE_OID, f"{tasks.person}/{intent.key}/{intent.request}/{datetime.now(UTC):%Y-%m-%d}")


class _ImportStep:
    """The command that takes in one run of an import; the last one answers for all of them."""

    def __init__(
        self, run: Sequence[Placed], on_conflict: OnConflict, change: UUID, before: Tally, parsed: Parsed | None
    ) -> None:
        self._run = run
        self._on_conflict = on_conflict
        self._change = change
        self._before = before
        self._parsed = parsed
        self.part = Tally()

    def __call__(self, work: Workspace) -> Reply:
        self.part = Tally()
        take_in(work, self._run, self._on_conflict, self.part, self._change)
        if self._parsed is None:
            return Reply()
        total = Tally()
        total.merge(self._before)
        total.merge(self.part)
        return Reply(extra=_report(total, self._parsed))


async def preview_import(tasks: TaskList, parsed: Parsed, on_conflict: OnConflict) -> dict[str, Any]:
    """Return what an import would come to, without a trace of it."""
    tally = Tally()
    work = Workspace(tasks, datetime.now(UTC))
    placed = list(enumerate(parsed.drafts))
    for start in range(0, len(placed), MOST):
        take_in(work, placed[start : start + MOST], on_conflict, tally)
        await asyncio.sleep(0)  # others get their turn
    return _report(tally, parsed)


def _report(tally: Tally, parsed: Parsed) -> dict[str, Any]:
    problems = [problem.model_dump(mode="json") for problem in (*tally.problems, *parsed.problems)]
    return tally.as_extra() | {"problems": problems, "problems_omitted": parsed.omitted}


async def set_profile(log: TaskLog, person: str, values: dict[str, str], intent: Intent) -> Outcome:
    """Change the person's profile; reminders that follow a date or a floating time move with the time zone."""

    def command(work: Workspace) -> Reply:
        profile = Profile.model_validate(work.profile.model_dump() | values)
        if profile != work.profile:
            work.set_profile(profile)
        for row in list(work.base.rows.values()):
            if len(work.events) >= _PROFILE_EVENTS:
                break
            _move_reminders(work, row.task.id)
        return Reply(extra={"more": len(work.events) >= _PROFILE_EVENTS})

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
