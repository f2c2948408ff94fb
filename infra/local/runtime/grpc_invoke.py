"""`InvokeService`: a gRPC caller invokes an HTTP application; whole bodies, since the message has no stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from dapr.proto.common.v1.common_pb2 import HTTPExtension, InvokeResponse
from dapr.proto.runtime.v1.invoke_pb2 import InvokeServiceRequest
from google.protobuf.any_pb2 import Any as AnyMessage
from grpc import StatusCode
from multidict import CIMultiDict

from infra.local.runtime.errors import DaprError, invoke_failed
from infra.local.runtime.invocation import Request, end_to_end
from infra.local.runtime.sidecar import Sidecar

UNSENT: Final = frozenset({"content-length", "content-type", "date", "server"})
# How daprd maps an application's HTTP status to gRPC; any other is UNKNOWN.
GRPC_OF_HTTP: Final = {
    400: StatusCode.INTERNAL,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.NOT_FOUND,
    408: StatusCode.CANCELLED,
    409: StatusCode.ALREADY_EXISTS,
    429: StatusCode.RESOURCE_EXHAUSTED,
    501: StatusCode.UNIMPLEMENTED,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """What the application answered; `headers` names its status too."""

    callee: str
    status: int
    reason: str
    content_type: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def message(self) -> InvokeResponse:
        """Return the answer as a message, or raise the gRPC status that its HTTP status stands for."""
        if not 200 <= self.status < 300:
            code = GRPC_OF_HTTP.get(self.status, StatusCode.UNKNOWN)
            raise DaprError(code, "ERR_DIRECT_INVOKE", self.reason, status=self.status)
        return InvokeResponse(data=AnyMessage(value=self.body), content_type=self.content_type)


async def invoke_service(sidecar: Sidecar, metadata: Mapping[str, str], request: InvokeServiceRequest) -> AppAnswer:
    """Invoke the application; DaprError when the call is refused or nobody answers."""
    message = request.message
    verb = HTTPExtension.Verb.Name(message.http_extension.verb)
    if verb in ("NONE", "CONNECT"):
        raise invoke_failed(request.id, "rpc error: code = InvalidArgument desc = invalid HTTP verb")
    method, _, query = message.method.partition("?")
    outgoing = Request(
        callee=request.id,
        method=verb,
        raw_path=method,
        query=message.http_extension.querystring or query,
        headers=_headers(metadata, message.content_type),
        body=message.data.value or None,
    )
    async with sidecar.services.invoker.invoke(sidecar.application, outgoing) as response:
        return await _read(request.id, response)


def _headers(metadata: Mapping[str, str], content_type: str) -> CIMultiDict[str]:
    headers = CIMultiDict(
        (name, value)
        for name, value in metadata.items()
        if not name.startswith((":", "grpc-")) and name != "user-agent"
    )
    headers["Content-Type"] = content_type or "application/json"
    return headers


async def _read(callee: str, response: aiohttp.ClientResponse) -> AppAnswer:
    try:
        body = await response.read()
    except aiohttp.ClientError as error:
        raise invoke_failed(callee, error) from error
    headers = tuple(
        (name.lower(), value) for name, value in end_to_end(response.headers).items() if name.lower() not in UNSENT
    )
    return AppAnswer(
        callee,
        response.status,
        response.reason or "",
        response.content_type,
        (*headers, ("dapr-http-status", str(response.status))),
        body,
    )
