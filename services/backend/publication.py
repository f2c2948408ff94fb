"""What the relay sends: the events of a log as CloudEvents, and the jobs that its reminders need."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from components.catalogue import BACKEND, CATALOGUE
from services.backend.tasklist import Commit, LogEvent
from services.kit.consumer import cloud_event
from services.kit.events import EventType, ReminderEvent, TaskEvent
from services.kit.sidecar import Job
from services.kit.task import Reminder, ReminderStatus, Task

LATE: Final = timedelta(seconds=60)
REMINDER_JOB: Final = CATALOGUE[BACKEND].jobs[0]


def task_events(person: str, epoch: int, commit: Commit, since: int = 0) -> Iterator[TaskEvent]:
    """Yield the events of a commit after `since` as consumers read them."""
    for event in commit.events:
        if event.seq > since:
            yield TaskEvent(
                person=person,
                epoch=epoch,
                seq=event.seq,
                type=event.type,
                at=commit.at,
                change=commit.change,
                key=commit.key,
                actor=commit.actor,
                task=event.task,
                profile=event.profile,
                token=event.token,
                was=event.was,
                reminder=event.reminder,
            )


def envelope(event: TaskEvent | ReminderEvent) -> dict[str, Any]:
    """Return the CloudEvent that carries an event."""
    return cloud_event(event.id, event.type, BACKEND, event.person, event.model_dump(mode="json"))


def reminder_event(event: TaskEvent) -> ReminderEvent | None:
    """Return the copy of a `reminder.due` for the topic `reminders`; None for any other event."""
    if event.type is not EventType.REMINDER_DUE or event.task is None:
        return None
    reminder = next(r for r in event.task.reminders if r.id == event.reminder)
    return ReminderEvent(
        person=event.person,
        epoch=event.epoch,
        seq=event.seq,
        at=event.at,
        scheduled_at=reminder.at,
        late=event.at - reminder.at > LATE,
        reminder=reminder.id,
        reminder_seq=reminder.seq,
        task=event.task,
    )


def jobs_to_set(person: str, epoch: int, event: LogEvent) -> Iterator[Job]:
    """Yield a job for each reminder that this event set to a time."""
    task = event.task
    if task is None or event.type is EventType.DELETED:
        return
    for reminder in task.reminders:
        if reminder.seq == event.seq and reminder.status is ReminderStatus.SCHEDULED:
            yield Job(
                name=job_name(person, epoch, task, reminder),
                due=reminder.at,
                data={
                    "person": person,
                    "epoch": epoch,
                    "task": str(task.id),
                    "reminder": reminder.id,
                    "seq": reminder.seq,
                },
                interval=REMINDER_JOB.interval_seconds,
            )


def jobs_to_drop(person: str, epoch: int, event: LogEvent) -> Iterator[str]:
    """Yield the names of the jobs that this event left without a purpose; dropping them is housekeeping."""
    task = event.task
    if task is None or event.type is EventType.REMINDER_DUE:
        return
    before = [Reminder.model_validate(r) for r in event.was.get("reminders", ())]
    kept = set() if event.type is EventType.DELETED else {_setting(r) for r in task.reminders}
    for reminder in before or (task.reminders if event.type is EventType.DELETED else ()):
        if reminder.status is ReminderStatus.SCHEDULED and _setting(reminder) not in kept:
            yield job_name(person, epoch, task, reminder)


def _setting(reminder: Reminder) -> tuple[str, int] | None:
    return (reminder.id, reminder.seq) if reminder.status is ReminderStatus.SCHEDULED else None


def job_name(person: str, epoch: int, task: Task, reminder: Reminder) -> str:
    """Return the name of a reminder's job: another one for every setting, so that a job never gets another time."""
    identity = f"{person}/{epoch}/{task.id}/{reminder.id}/{reminder.seq}"
    return REMINDER_JOB.prefix + hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
