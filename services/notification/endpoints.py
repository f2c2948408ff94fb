"""The routes: what people ask for, what the backend asks for, and the triggers of jobs."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response

from services.kit.identity import Administering, CallingService, Reading, Writing
from services.kit.problems import Problem, documented, invalid
from services.kit.queries import StrictRoute
from services.notification.dispatcher import Held
from services.notification.guard import Refused
from services.notification.jobs import Round
from services.notification.models import Ref, Settings, Written
from services.notification.schemas import (
    Notification,
    NotificationPage,
    SettingsBody,
    TrialBody,
    TrialReport,
)
from services.notification.service import Notifications
from services.notification.signing import shown

_PLACE: Final = r"^[0-9]{1,15}-[0-9]{1,15}$"


public = APIRouter(prefix="/api/notifications", route_class=StrictRoute, tags=["notifications"])
internal = APIRouter()


async def _service(request: Request) -> Notifications:
    service: Notifications = request.app.state.notifications
    return service


Service = Annotated[Notifications, Depends(_service)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="A repetition within 24 hours gets the first result"),
]


@public.get("", summary="List notifications, newest first", responses=documented())
async def list_notifications(
    caller: Reading,
    service: Service,
    cursor: Annotated[str | None, Query(pattern=_PLACE, description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> NotificationPage:
    """List what was delivered, when, through which channels and with which result; the newest 1,000 are kept."""
    return await service.page(caller.person, _place(cursor) if cursor else None, limit)


@public.get("/settings", summary="Read the channels' settings", responses=documented())
async def read_notification_settings(caller: Administering, service: Service) -> SettingsBody:
    """Which channels are on and where they lead; `webhook.signing_key` verifies the webhooks' signatures."""
    ledger = await service.store.ledger(caller.person)
    return SettingsBody.of(ledger.settings, shown(await service.keys.of(caller.person)))


@public.put("/settings", summary="Replace the channels' settings", responses=documented(400))
async def write_notification_settings(
    caller: Administering,
    service: Service,
    body: SettingsBody,
    idempotency_key: IdempotencyKey = None,
) -> SettingsBody:
    """Replace the settings; a channel left out gets its default. A webhook has to be https, at a public address.

    It changes nothing of the tasks: there is no change id, and nothing to undo.
    """
    key = shown(await service.keys.of(caller.person))
    await _check(service, body, key)
    wanted = body.settings()
    by = _written(idempotency_key, wanted) if idempotency_key else None
    return SettingsBody.of(await service.store.settings(caller.person, wanted, by), key)


@public.post("/test", summary="Send a test notification", responses=documented(400, 409, 429))
async def send_test_notification(
    caller: Administering,
    service: Service,
    body: TrialBody | None = None,
    idempotency_key: IdempotencyKey = None,
) -> TrialReport:
    """Send a test through the channels named, or all that are on, and answers what came of it. It is not listed."""
    return await service.tester.test(caller.person, body or TrialBody(), idempotency_key)


@public.post("/{notification_id}/read", summary="Mark a notification as read", responses=documented(404))
async def read_notification(
    caller: Writing,
    service: Service,
    notification_id: Annotated[str, Path(max_length=64)],
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - the first time it was read stays
) -> Notification:
    """Mark it as read, now; one that was read before keeps its time, so that no key has to be remembered for it.

    It changes nothing of the tasks: there is no change id, and nothing to undo.
    """
    place = _place(notification_id)
    found = await service.mark_read(Ref(caller.person, *place)) if place else None
    if found is None:
        raise Problem(404, "There is no such notification.")
    return found


@internal.delete("/internal/people/{person}", status_code=204, summary="Erase a person", responses=documented(403))
async def erase_person(
    _: CallingService,
    service: Service,
    person: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    epoch: Annotated[int, Query(ge=1, lt=2**53)],
) -> None:
    """Erase settings, deliveries, jobs and tests up to `epoch`; events of those epochs are dropped from then on."""
    await service.eraser.erase(person, epoch)


@internal.post("/job/{name}", include_in_schema=False)
async def run_job(service: Service, name: str) -> Response:
    """Do the round that the job stands for. 404 for a name of another kind: there is nothing to try again."""
    job = Round.parse(name)
    if job is None:
        raise Problem(404, "There is no such job.")
    try:
        await service.dispatcher.run_job(job)
    except Held:
        raise Problem(503, "Somebody is at work on it.", headers={"Retry-After": "5"}) from None
    return Response(status_code=200)


def _place(text: str) -> tuple[int, int] | None:
    """Return the (epoch, seq) that an id or a cursor stands for."""
    epoch, _, seq = text.partition("-")
    well_formed = epoch.isdecimal() and seq.isdecimal() and text.isascii() and len(epoch) <= 15 and len(seq) <= 15
    return (int(epoch), int(seq)) if well_formed else None


def _written(key: str, wanted: Settings) -> Written:
    digest = hashlib.sha256(wanted.model_dump_json().encode()).hexdigest()
    return Written(key=key, digest=digest, at=datetime.now(UTC))


async def _check(service: Notifications, body: SettingsBody, key: str) -> None:
    if body.email.enabled and body.email.address is None:
        raise invalid("email.address", "is needed where e-mail is on")
    if body.webhook.enabled and body.webhook.url is None:
        raise invalid("webhook.url", "is needed where the webhook is on")
    if body.webhook.signing_key not in {None, key}:
        raise invalid("webhook.signing_key", "cannot be chosen; leave it out, or send it as it was read")
    if body.webhook.url is not None:
        try:
            await service.guard.check_reachable(body.webhook.url)
        except Refused as refusal:
            raise invalid("webhook.url", str(refusal)) from None
