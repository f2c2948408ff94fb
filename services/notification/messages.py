"""What a delivery or a test sends: the same message for every channel."""

from datetime import datetime
from typing import Final

from services.kit.task import Profile
from services.notification.channels import Message
from services.notification.models import Channel, Delivery, Result
from services.notification.schemas import Notification
from services.notification.text import reminder_text, trial_text

REMINDER: Final = "reminder.due"
TEST: Final = "notification.test"


def reminder_message(delivery: Delivery, profile: Profile, now: datetime) -> Message:
    """Return the message of a delivery. What the open pages get shows the in-app channel as having taken it."""
    text = reminder_text(delivery, profile)
    shown = delivery
    if Channel.IN_APP in delivery.channels:
        shown = delivery.after(Channel.IN_APP, Result(), now, 1)
    notification = Notification.of(shown).model_dump(mode="json")
    return Message(
        id=delivery.ref.event_id,
        person=delivery.person,
        type=REMINDER,
        text=text,
        data={
            "id": delivery.ref.id,
            "at": notification["at"],
            "scheduled_at": notification["scheduled_at"],
            "late": delivery.late,
            "reminder": delivery.reminder,
            "task": {"id": notification["task"], "title": delivery.title, "due": notification["due"]},
            "text": "\n".join(text.lines),
        },
        notification={**notification, "test": False, "text": "\n".join(text.lines)},
    )


def trial_message(test_id: str, person: str, profile: Profile, now: datetime) -> Message:
    """Return the message of a test."""
    text = trial_text(profile)
    data = {"id": test_id, "at": now.isoformat().replace("+00:00", "Z"), "text": text.subject}
    return Message(
        id=test_id,
        person=person,
        type=TEST,
        text=text,
        data=data,
        notification={**data, "test": True, "title": text.subject},
    )
