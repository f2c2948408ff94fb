"""What a caller may write: every limit of a task's fields stands here, once."""

from collections.abc import Iterable
from typing import Annotated, Any, Self
from unicodedata import normalize
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.kit.due import check_duration
from services.kit.task import Due, Frozen, Instant, Priority, Recurrence, Status

MAX_TAGS = 50
MAX_TAG = 64
MAX_REMINDERS = 10


def trimmed_title(value: str) -> str:
    """Return the title without the white space around it; ValueError when nothing or too much is left."""
    value = value.strip()
    if not 1 <= len(value) <= 500:
        raise ValueError(f"must have 1 to 500 characters after trimming, has {len(value)}")
    return value


def tag_key(tag: str) -> str:
    """Return a tag in the form that tags are compared in: whatever its case, and however its accents are composed."""
    return tag.lower() if tag.isascii() else normalize("NFD", normalize("NFD", tag).casefold())


def retagged(tags: Iterable[str], *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> list[str]:
    """Return tags without those of `remove`, and with those of `add` at their end; what is the same stands once."""
    added = {tag_key(tag): tag for tag in add}
    off = {tag_key(tag.strip()) for tag in remove} | added.keys()
    return [*(tag for tag in tags if tag_key(tag) not in off), *added.values()]


def checked_tags(values: Iterable[str]) -> tuple[str, ...]:
    """Return the tags trimmed; ValueError names the first that is empty, too long or there twice (by `tag_key`)."""
    tags = tuple(value.strip() for value in values)
    if len(tags) > MAX_TAGS:
        raise ValueError(f"at most {MAX_TAGS} tags, got {len(tags)}")
    seen: set[str] = set()
    for tag in tags:
        if not 1 <= len(tag) <= MAX_TAG:
            raise ValueError(f"each tag must have 1 to {MAX_TAG} characters, {tag[:80]!r} has {len(tag)}")
        if (key := tag_key(tag)) in seen:
            raise ValueError(f"the tag {tag!r} is given twice (tags do not differ by case)")
        seen.add(key)
    return tags


def storable(value: str) -> str:
    """Refuse what no store can hold: NUL, and halves of surrogate pairs."""
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("must not contain NUL or unpaired surrogates")
    return value


Title = Annotated[str, AfterValidator(storable), AfterValidator(trimmed_title)]
Description = Annotated[str, AfterValidator(storable), Field(max_length=20_000)]
Tags = Annotated[tuple[Annotated[str, AfterValidator(storable)], ...], AfterValidator(checked_tags)]
ExternalId = Annotated[str, AfterValidator(storable), Field(min_length=1, max_length=255)]


class ReminderInput(Frozen):
    """A reminder as it is written: at an instant, or before the due. `status` and `seq` are read-only."""

    id: Annotated[str, AfterValidator(storable)] | None = Field(default=None, min_length=1, max_length=64)
    before: str | None = Field(default=None, max_length=32, examples=["P1D"])
    at: Instant | None = None
    status: Any | None = None
    seq: Any | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.before is None and self.at is None:
            raise ValueError('give {"at": an instant} or {"before": an ISO 8601 duration before the due}')
        if self.before is not None:
            check_duration(self.before)
        return self


def _no_more_reminders(values: tuple[ReminderInput, ...]) -> tuple[ReminderInput, ...]:
    if len(values) > MAX_REMINDERS:
        raise ValueError(f"at most {MAX_REMINDERS} reminders, got {len(values)}")
    ids = [value.id for value in values if value.id is not None]
    if len(ids) != len(set(ids)):
        raise ValueError("two reminders have the same id")
    return values


Reminders = Annotated[tuple[ReminderInput, ...], AfterValidator(_no_more_reminders)]


class ReadOnly(BaseModel):
    """Fields that a caller may send back as they were read; another value is refused when the command is decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: Any | None = None
    version: Any | None = None
    status: Any | None = None
    series_id: Any | None = None
    occurrence: Any | None = None
    nominal: Any | None = None
    created_at: Any | None = None
    updated_at: Any | None = None
    completed_at: Any | None = None
    change: Any | None = None
    next_id: Any | None = None


class TaskCreate(ReadOnly):
    """A new task."""

    id: UUID | None = None
    title: Title
    description: Description = ""
    priority: Priority = Priority.NONE
    tags: Tags = ()
    due: Due | None = None
    recurrence: Recurrence | None = None
    reminders: Reminders = ()
    external_id: ExternalId | None = None


class TaskPatch(ReadOnly):
    """The fields to change; null clears one that may be empty."""

    id: UUID | None = None
    title: Title = ""
    description: Description | None = None
    priority: Priority | None = None
    tags: Tags | None = None
    due: Due | None = None
    recurrence: Recurrence | None = None
    reminders: Reminders | None = None
    external_id: ExternalId | None = None


class TaskDraft(Frozen):
    """A task as a file describes it, on its way in by an import."""

    id: UUID | None = None
    external_id: ExternalId | None = None
    title: Title
    description: Description = ""
    status: Status = Status.OPEN
    priority: Priority = Priority.NONE
    tags: Tags = ()
    due: Due | None = None
    recurrence: Recurrence | None = None
    series_id: UUID | None = None
    occurrence: int | None = Field(default=None, ge=1, le=10**9)
    nominal: Due | None = None
    reminders: Reminders = ()
    created_at: Instant | None = None
    completed_at: Instant | None = None
