"""What of a call is passed on: headers, and the reading of an answer that no service of ours gave."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from services.kit.problems import MEDIA_TYPE, Problem, unavailable

RawHeaders = Iterable[tuple[bytes, bytes]]

_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The sidecar sets these itself, they were dealt with here, or they speak of the connection and not of the call.
_NOT_ASKED: Final = _HOP_BY_HOP | {
    b"host",
    b"expect",
    b"forwarded",
    b"cookie",
    b"origin",
    b"referer",
    b"traceparent",
    b"tracestate",
    b"baggage",
}
_NOT_ASKED_PREFIXES: Final = (b"dapr-", b"x-dapr-", b"x-forwarded-", b"sec-", b"grpc-", b":")
_ABOUT_THE_REQUEST: Final = {
    413: "The body is larger than the platform takes.",
    414: "Path and query are longer than the platform takes.",
    431: "The headers are larger than the platform takes.",
}
_NOT_ANSWERED: Final = _HOP_BY_HOP | {b"date", b"server", b"traceparent", b"tracestate", b"set-cookie"}
_NOT_ANSWERED_PREFIXES: Final = (b"dapr-", b"x-dapr-", b"grpc-")


def request_headers(headers: RawHeaders) -> list[tuple[str, str]]:
    """Return the client's headers that go to the callee: neither hop-by-hop, nor any that only a sidecar may set."""
    kept = [item for item in _without(headers, _NOT_ASKED, _NOT_ASKED_PREFIXES) if _names_nobody(*item)]
    return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in kept]


def _names_nobody(name: bytes, value: bytes) -> bool:
    """Tell whether a sidecar passes a header by: basic credentials of the user `dapr-app-id` name it the callee."""
    scheme, _, token = value.partition(b" ")
    return name != b"authorization" or (scheme.lower() == b"bearer" and bool(token))


def response_headers(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Return the callee's headers that go to the client, names in lower case."""
    return _without(headers, _NOT_ANSWERED, _NOT_ANSWERED_PREFIXES)


def _without(headers: RawHeaders, names: frozenset[bytes], prefixes: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    lowered = [(name.lower(), value) for name, value in headers]
    listed = {item.strip().lower() for name, value in lowered if name == b"connection" for item in value.split(b",")}
    dropped = names | listed
    return [(name, value) for name, value in lowered if name not in dropped and not name.startswith(prefixes)]


def is_doubtful(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether an answer may be the sidecar's own and not the callee's, whose errors are problem documents."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status == 401:
        return "WWW-Authenticate" not in headers
    return status >= 400 and kind != MEDIA_TYPE


def sidecar_problem(status: int, body: bytes) -> Problem | None:
    """Return the problem that stands for a doubtful answer; None when it is the callee's after all.

    A sidecar answers `{"errorCode": "ERR_…", "message": …}`: the callee is away, or access control refused the call.
    The second is no fault of the caller's either, and a 404 or 403 would tell them something about their tasks.
    """
    if status in _ABOUT_THE_REQUEST:
        return Problem(status, _ABOUT_THE_REQUEST[status])
    code = _error_code(body)
    if code == "ERR_MALFORMED_REQUEST":
        return Problem(400, "The request cannot be passed on: a header is malformed, or there twice.")
    if status >= 500 or status == 401 or code.startswith("ERR_"):
        return unavailable("The service behind this address cannot be reached just now; try again.", 2)
    return None


def _error_code(body: bytes) -> str:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(document.get("errorCode", "")) if isinstance(document, dict) else ""
