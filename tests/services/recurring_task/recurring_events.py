"""The events of one person, made in their order and kept in the backend's log."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from harness.dues import on
from recurring_fakes import FakeBackend

from services.kit.events import EventType, TaskEvent
from services.kit.task import Due, Profile, Recurrence, Status, Task

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Events:
    """Makes the next event of a person's log."""

    def __init__(self, person: str, backend: FakeBackend) -> None:
        self.person = person
        self.epoch = 1
        self._seq = 0
        self._backend = backend

    def completed(self, rule: str | None = "FREQ=DAILY", due: Due | None = None, **changes: object) -> TaskEvent:
        """A recurring task was completed at `NOW`."""
        due = due or on("2026-01-05")
        series = None if rule is None else UUID(int=7)
        task = Task(
            id=uuid4(),
            seq=self._seq + 1,
            version=2,
            title="Water the plants",
            status=Status.COMPLETED,
            due=due,
            recurrence=None if rule is None else Recurrence(rrule=rule),
            series_id=series,
            occurrence=1,
            nominal=due,
            created_at=NOW,
            updated_at=NOW,
            completed_at=NOW,
        )
        return self._next(EventType.COMPLETED, task=task.model_copy(update=changes))

    def other(self, kind: EventType = EventType.UPDATED) -> TaskEvent:
        """Something else happened to a recurring task."""
        task = self.completed().task
        self._backend.log.pop()
        self._seq -= 1
        return self._next(kind, task=task)

    def moved_to(self, time_zone: str) -> TaskEvent:
        """The person changed their time zone."""
        return self._next(EventType.PROFILE_UPDATED, profile=Profile(time_zone=time_zone))

    def new_epoch(self) -> None:
        """The person was erased, and began anew."""
        self.epoch += 1
        self._seq = 0

    def _next(self, kind: EventType, *, task: Task | None = None, profile: Profile | None = None) -> TaskEvent:
        self._seq += 1
        event = TaskEvent(
            person=self.person,
            epoch=self.epoch,
            seq=self._seq,
            type=kind,
            at=NOW,
            change=uuid4(),
            task=task,
            profile=profile,
        )
        self._backend.log.append(event)
        return event
