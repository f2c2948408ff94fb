"""What is left of the API: tokens, secrets, output bindings, metadata, health."""

import email
import email.policy
import json
from email.message import EmailMessage

import grpc
import pytest
import pytest_asyncio
from dapr.proto.runtime.v1 import binding_pb2, metadata_pb2, secret_pb2

from tests.conformance.differences import differs
from tests.conformance.harness import PUBSUB, STORE, Client, Runtime, unique
from tests.conformance.platform import Platform
from tests.conformance.test_state import refused

VAULT = "kubernetes-secrets"
MAIL = {"emailTo": "a@example.org;b@example.org", "subject": "Hällo", "emailFrom": "tasks@example.org"}


@pytest_asyncio.fixture(loop_scope="session")
async def notification(platform: Platform) -> Client:
    """The sidecar of an application with secrets and an output binding."""
    return platform.client("notification")


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_every_call_needs_the_token(platform: Platform, token: str | None) -> None:
    stranger = platform.client("backend", 0, token)
    status, body, _ = await stranger.http("GET", f"/v1.0/state/{STORE}/k")
    assert (status, body) == (401, b"invalid api token\n")
    assert (await stranger.http("GET", "/v1.0/invoke/audit/method/x"))[0] == 401
    await refused(grpc.StatusCode.UNAUTHENTICATED, stranger.get("k"))


async def test_health_needs_no_token(platform: Platform) -> None:
    stranger = platform.client("notification", 0, None)
    assert (await stranger.http("GET", "/v1.0/healthz/outbound"))[0] == 204
    await platform.app("notification")
    assert (await stranger.http("GET", "/v1.0/healthz"))[0] == 204
    await platform.away("notification")
    found = (await stranger.http("GET", "/v1.0/healthz"))[0]
    assert found == differs(platform.runtime, "app-away-health", embedded=500, daprd=204)


async def test_an_unknown_route_is_404_and_an_unknown_method_an_error(runtime: Runtime, backend: Client) -> None:
    status, body, _ = await backend.http("GET", "/v1.0/nosuch")
    assert (status, json.loads(body)["errorCode"]) == (404, "ERR_DIRECT_INVOKE")
    unknown, unimplemented = grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED
    code = differs(runtime, "unknown-grpc-method", embedded=unimplemented, daprd=unknown)
    await refused(code, backend.unknown())


async def test_a_secret_of_the_app_is_returned(notification: Client) -> None:
    request = secret_pb2.GetSecretRequest(store_name=VAULT, key="webhook-signing")
    assert dict((await notification.call("GetSecret", request)).data) == {"key": "s3cret"}
    status, body, _ = await notification.http("GET", f"/v1.0/secrets/{VAULT}/webhook-signing")
    assert (status, json.loads(body)) == (200, {"key": "s3cret"})


async def test_other_secrets_are_denied(notification: Client) -> None:
    request = secret_pb2.GetSecretRequest(store_name=VAULT, key="database")
    message = await refused(grpc.StatusCode.PERMISSION_DENIED, notification.call("GetSecret", request))
    assert message == f'access denied by policy to get "database" from "{VAULT}"'
    assert (await notification.http("GET", f"/v1.0/secrets/{VAULT}/database"))[0] == 403


async def test_bulk_returns_the_apps_secrets_only(notification: Client) -> None:
    request = secret_pb2.GetBulkSecretRequest(store_name=VAULT)
    data = (await notification.call("GetBulkSecret", request)).data
    assert {name: dict(values.secrets) for name, values in data.items()} == {"webhook-signing": {"key": "s3cret"}}
    _, body, _ = await notification.http("GET", f"/v1.0/secrets/{VAULT}/bulk")
    assert json.loads(body) == {"webhook-signing": {"key": "s3cret"}}


async def test_secret_stores_have_scopes(runtime: Runtime, notification: Client, backend: Client) -> None:
    unknown = secret_pb2.GetSecretRequest(store_name="nosuch", key="k")
    await refused(grpc.StatusCode.INVALID_ARGUMENT, notification.call("GetSecret", unknown))
    request = secret_pb2.GetSecretRequest(store_name=VAULT, key="webhook-signing")
    missing, denied = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED
    code = differs(runtime, "secret-store-scope", embedded=missing, daprd=denied)
    await refused(code, backend.call("GetSecret", request))
    assert (await notification.http("GET", "/v1.0/secrets/nosuch/k"))[0] == 401


def mails(platform: Platform) -> dict[str, EmailMessage]:
    """Return every mail so far by its body."""
    found = {}
    for path in platform.runtime.mail.glob("[!.]*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found[str(message.get_content()).strip()] = message
    return found


def mail(body: bytes, **changes: str) -> binding_pb2.InvokeBindingRequest:
    metadata = {name: value for name, value in {**MAIL, **changes}.items() if value}
    return binding_pb2.InvokeBindingRequest(name="email", operation="create", data=body, metadata=metadata)


async def test_the_mail_binding_writes_a_message(platform: Platform, notification: Client) -> None:
    body = unique("<b>text</b>")
    await notification.call("InvokeBinding", mail(body.encode(), emailCC="c@example.org", priority="1"))
    message = mails(platform)[body]
    assert (message["From"], message["Subject"], message["Cc"]) == ("tasks@example.org", "Hällo", "c@example.org")
    assert message["To"] == "a@example.org, b@example.org"
    assert message["X-Priority"] == "1"
    assert message["Date"]
    assert message["Message-ID"] is None
    assert message.get_content_type() == "text/html"


async def test_the_mail_binding_over_http(platform: Platform, notification: Client) -> None:
    body = unique("ä")
    request = {"operation": "create", "metadata": MAIL, "data": body}
    assert (await notification.http("POST", "/v1.0/bindings/email", json=request))[0] == 204
    assert body in mails(platform)


@pytest.mark.parametrize("changes", [{"emailTo": ""}, {"subject": ""}, {"subject": "a\r\nBcc: x@example.org"}], ids=str)
async def test_a_mail_that_says_too_little_or_too_much(
    platform: Platform, notification: Client, changes: dict[str, str]
) -> None:
    body = unique()
    await notification.call("InvokeBinding", mail(unique().encode()))
    call = notification.call("InvokeBinding", mail(body.encode(), **changes))
    if differs(platform.runtime, "mail-checks", embedded=True, daprd=False):
        message = await refused(grpc.StatusCode.INTERNAL, call)
        assert message.startswith("error invoking output binding email: smtp binding error: ")
    else:
        await call
        sent = mails(platform)[body]
        assert (sent["To"], sent["Bcc"]) == ("a@example.org, b@example.org", None)
        assert changes.get("subject") or sent["Subject"] == MAIL["subject"]


async def test_a_priority_that_is_none_is_an_error(notification: Client) -> None:
    message = await refused(grpc.StatusCode.INTERNAL, notification.call("InvokeBinding", mail(b"x", priority="9")))
    assert message.startswith("error invoking output binding email: smtp binding error: ")


async def test_bindings_have_scopes_and_operations(notification: Client, backend: Client) -> None:
    request = mail(b"x")
    message = await refused(grpc.StatusCode.INTERNAL, backend.call("InvokeBinding", request))
    assert "couldn't find output binding email" in message
    request.operation = "delete"
    message = await refused(grpc.StatusCode.INTERNAL, notification.call("InvokeBinding", request))
    assert "does not support operation delete" in message


async def test_metadata_describes_the_sidecar(platform: Platform) -> None:
    await platform.app("audit", topics={"task-events": PUBSUB})
    audit = platform.client("audit")
    await audit.http("PUT", "/v1.0/metadata/colour", data=b"green")
    found = await audit.call("GetMetadata", metadata_pb2.GetMetadataRequest())
    assert found.id == "audit"
    assert found.extended_metadata["colour"] == "green"
    own_store = differs(platform.runtime, "secret-store-scope", embedded=set(), daprd={VAULT})
    assert {component.name for component in found.registered_components} == {STORE, PUBSUB} | own_store
    assert [(s.pubsub_name, s.topic, s.rules.rules[0].path) for s in found.subscriptions] == [
        (PUBSUB, "task-events", "/events/task-events")
    ]
    _, body, _ = await audit.http("GET", "/v1.0/metadata")
    described = json.loads(body)
    assert described["id"] == "audit"
    assert described["subscriptions"][0]["topic"] == "task-events"
    assert {component["name"] for component in described["components"]} == {STORE, PUBSUB} | own_store
