"""Service invocation by gRPC, as the SDK makes it."""

import grpc
import pytest
from aiohttp import web
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import invoke_pb2
from google.protobuf.any_pb2 import Any as AnyMessage

from tests.conformance.differences import differs
from tests.conformance.harness import Client, FakeApp, Received, Runtime
from tests.conformance.test_state import refused


def invocation(path: str, verb: int = common.HTTPExtension.POST, **more: str) -> invoke_pb2.InvokeServiceRequest:
    message = common.InvokeRequest(method=path, data=AnyMessage(value=b"body"), content_type="text/plain")
    message.http_extension.verb = verb  # type: ignore[assignment]
    message.http_extension.querystring = more.get("query", "")
    return invoke_pb2.InvokeServiceRequest(id=more.get("id", "backend"), message=message)


async def test_grpc_callers_invoke_http_apps(callee: FakeApp, frontend: Client) -> None:
    def answer(request: Received) -> web.Response:
        return web.Response(body=request.body.upper(), content_type="text/plain", headers={"X-Answer": "1"})

    callee.answer = answer
    call = frontend.stub.InvokeService(invocation("api/tasks", query="q=1"), metadata=frontend.metadata)
    response = await call
    assert (response.data.value, response.content_type) == (b"BODY", "text/plain")
    headers = dict(await call.initial_metadata())
    assert (headers["x-answer"], headers["dapr-http-status"]) == ("1", "200")
    request = callee.received[-1]
    assert (request.method, request.path, request.query) == ("POST", "/api/tasks", "q=1")
    assert request.headers["dapr-caller-app-id"] == "frontend"


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, grpc.StatusCode.NOT_FOUND), (409, grpc.StatusCode.ALREADY_EXISTS), (500, grpc.StatusCode.UNKNOWN)],
)
async def test_grpc_callers_get_the_status_as_a_code(
    callee: FakeApp, frontend: Client, status: int, code: grpc.StatusCode
) -> None:
    callee.answer = lambda _request: status
    await refused(code, frontend.call("InvokeService", invocation("api/tasks")))


async def test_grpc_callers_are_refused_the_same_way(runtime: Runtime, callee: FakeApp, frontend: Client) -> None:
    call = frontend.call("InvokeService", invocation("internal/occurrences"))
    if differs(runtime, "access-control", embedded=True, daprd=False):
        await refused(grpc.StatusCode.PERMISSION_DENIED, call)
    else:
        await call
        callee.forget()
    await refused(grpc.StatusCode.INTERNAL, frontend.call("InvokeService", invocation("x", id="nosuch")))
    await refused(grpc.StatusCode.INTERNAL, frontend.call("InvokeService", invocation("api/x", verb=0)))
    assert not callee.received
