"""The five services. This table is the only place that names an app id, a port, a topic, a scope or an edge."""

from typing import Final

from components.model import Bulk, Catalogue, Edge, JobPolicy, SecretRef, Service, Subscription, Topic

PUBSUB: Final = "kafka-pubsub"
RELAY_PUBSUB: Final = "relay-pubsub"
STATE_STORE: Final = "statestore"
SECRET_STORE: Final = "kubernetes-secrets"  # noqa: S105 - a name
EMAIL_BINDING: Final = "email"

BACKEND: Final = "backend"
FRONTEND: Final = "frontend"
NOTIFICATION: Final = "notification"
RECURRING_TASK: Final = "recurring-task"
AUDIT: Final = "audit"

WEBHOOK_SIGNING: Final = SecretRef(name="webhook-signing", key="key")

LARGEST_BODY: Final = 33 * 1024 * 1024  # an import is at most 32 MB; a bulk of 100 of the largest events, 25 MB

CHECK_TOKENS: Final = Edge(callee=BACKEND, methods=("POST",), path="/internal/tokens")  # whoever people call

CATALOGUE: Final = Catalogue(
    services=(
        Service(
            app_id=BACKEND,
            package="services.backend",
            port=8001,
            summary="tasks: REST, the task log, its relay, reminders and undo; the only writer of tasks",
            publishes=(Topic.TASK_EVENTS, Topic.REMINDERS, Topic.TASK_UPDATES),
            state=True,
            converses=True,
            jobs=(
                JobPolicy(purpose="a reminder falls due", prefix="reminder-", interval_seconds=1),
                JobPolicy(purpose="erase a person everywhere", prefix="erase-", interval_seconds=5),
            ),
            invokes=(
                *(
                    Edge(callee=callee, methods=("DELETE",), path="/internal/people/*")
                    for callee in (AUDIT, NOTIFICATION, RECURRING_TASK)
                ),
                # What tools tell of the trail and of deliveries, asked as the person.
                Edge(callee=AUDIT, methods=("GET",), path="/api/audit/**"),
                Edge(callee=NOTIFICATION, methods=("GET", "POST"), path="/api/notifications/**"),
            ),
            max_body_bytes=LARGEST_BODY,
        ),
        Service(
            app_id=FRONTEND,
            package="services.frontend",
            port=8080,
            summary="the public entry: web page, gateway to /api and /mcp, WebSocket relay",
            subscribes=(Subscription(topic=Topic.TASK_UPDATES, component=RELAY_PUBSUB),),
            invokes=(
                Edge(callee=BACKEND, methods=("GET", "POST", "PUT", "PATCH", "DELETE"), path="/api/**"),
                Edge(callee=BACKEND, methods=("POST",), path="/mcp"),
                CHECK_TOKENS,
                Edge(callee=BACKEND, methods=("GET",), path="/internal/log/*"),
                Edge(callee=BACKEND, methods=("GET",), path="/internal/snapshot/*"),
                Edge(callee=BACKEND, methods=("POST",), path="/internal/heads"),
                Edge(callee=AUDIT, methods=("GET",), path="/api/audit/**"),
                Edge(callee=NOTIFICATION, methods=("GET", "POST", "PUT"), path="/api/notifications/**"),
            ),
            public=True,
            max_body_bytes=LARGEST_BODY,
        ),
        Service(
            app_id=NOTIFICATION,
            package="services.notification",
            port=8002,
            summary="delivers reminders: in-app, e-mail, webhook",
            publishes=(Topic.TASK_UPDATES,),
            subscribes=(Subscription(topic=Topic.REMINDERS, component=PUBSUB),),
            state=True,
            bindings=(EMAIL_BINDING,),
            outside=True,  # people's webhooks, and the mail server
            jobs=(JobPolicy(purpose="try a failed delivery again", prefix="retry-", interval_seconds=5),),
            invokes=(
                Edge(callee=BACKEND, methods=("POST",), path="/internal/reminders"),
                Edge(callee=BACKEND, methods=("GET",), path="/internal/people/*"),
                CHECK_TOKENS,
            ),
            secrets=(WEBHOOK_SIGNING,),
        ),
        Service(
            app_id=RECURRING_TASK,
            package="services.recurring_task",
            port=8003,
            summary="makes the next occurrence when a recurring task is completed",
            subscribes=(Subscription(topic=Topic.TASK_EVENTS, component=PUBSUB, bulk=Bulk(max_wait_ms=50)),),
            state=True,
            invokes=(
                Edge(callee=BACKEND, methods=("POST",), path="/internal/occurrences"),
                Edge(callee=BACKEND, methods=("GET",), path="/internal/log/*"),
            ),
            max_body_bytes=LARGEST_BODY,
        ),
        Service(
            app_id=AUDIT,
            package="services.audit",
            port=8004,
            summary="the append-only trail of every change, a hash chain per person",
            subscribes=(Subscription(topic=Topic.TASK_EVENTS, component=PUBSUB, bulk=Bulk(max_wait_ms=250)),),
            state=True,
            invokes=(Edge(callee=BACKEND, methods=("GET",), path="/internal/log/*"), CHECK_TOKENS),
            max_body_bytes=LARGEST_BODY,
        ),
    )
)
