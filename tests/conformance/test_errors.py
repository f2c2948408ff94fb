"""What a refusal says for programs to read: status, code, and the reason in its details."""

import json
from typing import Any

import grpc
import pytest
from dapr.proto.runtime.v1 import jobs_pb2, pubsub_pb2, state_pb2
from google.rpc import error_details_pb2, status_pb2

from tests.conformance.harness import PUBSUB, STORE, Client, unique

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
STATE = f"/v1.0/state/{STORE}"
STALE = {"key": "k", "value": 1, "etag": "stale", "options": {"concurrency": "first-write"}}
ODD_OPERATION = {"operations": [{"operation": "odd", "request": {"key": "a"}}]}


def reasons(answer: bytes) -> list[str]:
    """Return the reasons that an HTTP answer gives."""
    infos = [detail for detail in json.loads(answer).get("details", []) if detail["@type"] == ERROR_INFO]
    assert all(info["domain"] == "dapr.io" for info in infos)
    return [info["reason"] for info in infos]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "reason"),
    [
        ("GET", "/v1.0/state/nosuch/x", None, 400, "ERR_STATE_STORE_NOT_FOUND", "DAPR_STATE_NOT_FOUND"),
        ("POST", "/v1.0/state/nosuch", [], 400, "ERR_STATE_STORE_NOT_FOUND", "DAPR_STATE_NOT_FOUND"),
        ("POST", STATE, [{"key": "a||b", "value": 1}], 400, "ERR_MALFORMED_REQUEST", "DAPR_STATE_ILLEGAL_KEY"),
        ("POST", STATE, [STALE], 409, "ERR_STATE_SAVE", None),
        ("POST", f"{STATE}/transaction", ODD_OPERATION, 400, "ERR_NOT_SUPPORTED_STATE_OPERATION", None),
        ("POST", "/v1.0/publish/nosuch/t", {}, 404, "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND"),
        ("POST", f"/v1.0/publish/{PUBSUB}/t", {}, 403, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN"),
        ("POST", "/v1.0/invoke/nobody/method/x", {}, 500, "ERR_DIRECT_INVOKE", None),
        ("POST", "/v1.0/bindings/nosuch", {"operation": "create"}, 500, "ERR_INVOKE_OUTPUT_BINDING", None),
        ("POST", "/v1.0-alpha1/jobs/x", {}, 400, *["DAPR_SCHEDULER_SCHEDULE_EMPTY"] * 2),
        ("POST", "/v1.0-alpha1/jobs/x", {"schedule": "never"}, 500, *["DAPR_SCHEDULER_SCHEDULE_JOB"] * 2),
        ("GET", "/v1.0-alpha1/jobs/nosuch", None, 500, *["DAPR_SCHEDULER_GET_JOB"] * 2),
    ],
)
async def test_http_gives_a_code_and_a_reason(
    backend: Client, method: str, path: str, body: object, status: int, code: str, reason: str | None
) -> None:
    options: dict[str, Any] = {} if body is None else {"json": body}
    found, answer, headers = await backend.http(method, path, **options)
    assert (found, json.loads(answer)["errorCode"]) == (status, code), answer
    assert reasons(answer) == ([reason] if reason else [])
    assert headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("method", "request_", "reason"),
    [
        ("GetState", state_pb2.GetStateRequest(store_name="nosuch", key="x"), "DAPR_STATE_NOT_FOUND"),
        ("PublishEvent", pubsub_pb2.PublishEventRequest(pubsub_name="nosuch", topic="t"), "DAPR_PUBSUB_NOT_FOUND"),
        ("PublishEvent", pubsub_pb2.PublishEventRequest(pubsub_name=PUBSUB, topic="t"), "DAPR_PUBSUB_FORBIDDEN"),
        ("GetJobAlpha1", jobs_pb2.GetJobRequest(name=unique("nosuch")), "DAPR_SCHEDULER_GET_JOB"),
    ],
)
async def test_grpc_gives_the_same_reason(backend: Client, method: str, request_: object, reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await backend.call(method, request_)
    trailers = dict(caught.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    found = error_details_pb2.ErrorInfo()
    infos = [detail for detail in status.details if detail.Is(found.DESCRIPTOR)]
    assert [infos[0].Unpack(found), found.reason, found.domain] == [True, reason, "dapr.io"]
