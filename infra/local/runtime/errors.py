"""Errors as daprd words them: codes, HTTP statuses and messages that callers of a sidecar already handle."""

from typing import Final

import orjson
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc import StatusCode

_DOMAIN: Final = "dapr.io"
_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"

HTTP_OF_GRPC: Final = {
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.ABORTED: 409,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.INTERNAL: 500,
}


class StartupError(Exception):
    """The runtime cannot start; the message names the thing that is wrong and what to do about it."""


class DaprError(Exception):
    """A refusal by the API: gRPC `code`, HTTP `status`, HTTP `error_code`, machine-readable `reason`."""

    def __init__(
        self, code: StatusCode, error_code: str, message: str, *, status: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.error_code = error_code
        self.message = message
        self.status = HTTP_OF_GRPC[code] if status is None else status
        self.reason = reason or error_code

    def body(self) -> bytes:
        """Return the JSON body of the HTTP answer; `details` has an ErrorInfo where daprd gives a reason of its own."""
        found: dict[str, object] = {"errorCode": self.error_code, "message": self.message}
        if self.reason.startswith("DAPR_"):
            info = {"@type": _ERROR_INFO, "domain": _DOMAIN, "metadata": {}, "reason": self.reason}
            found["details"] = [info]
        return orjson.dumps(found)

    def details(self) -> bytes:
        """Return the encoded `google.rpc.Status` with an ErrorInfo, as gRPC carries it in its trailers."""
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=_DOMAIN)
        detail = any_pb2.Any()
        detail.Pack(info)
        number: int = self.code.value[0]
        status = status_pb2.Status(code=number, message=self.message, details=[detail])
        encoded: bytes = status.SerializeToString()
        return encoded


def malformed(message: str) -> DaprError:
    """Return the refusal of a request that cannot be read."""
    return DaprError(StatusCode.INVALID_ARGUMENT, "ERR_MALFORMED_REQUEST", message)


def state_store_missing(name: str, *, any_store: bool) -> DaprError:
    """Return the error of a store that the app may not use, or that does not exist."""
    if any_store:
        return DaprError(
            StatusCode.INVALID_ARGUMENT,
            "ERR_STATE_STORE_NOT_FOUND",
            f"state store {name} is not found",
            reason="DAPR_STATE_NOT_FOUND",
        )
    return DaprError(
        StatusCode.FAILED_PRECONDITION,
        "ERR_STATE_STORE_NOT_CONFIGURED",
        f"state store {name} is not configured",
        status=500,
        reason="DAPR_STATE_NOT_CONFIGURED",
    )


def illegal_key(key: str) -> DaprError:
    """Return the error of a key that contains the separator of app id and key."""
    return DaprError(
        StatusCode.INVALID_ARGUMENT,
        "ERR_MALFORMED_REQUEST",
        f"input key/keyPrefix '{key}' can't contain '||'",
        reason="DAPR_STATE_ILLEGAL_KEY",
    )


def pubsub_missing(name: str) -> DaprError:
    """Return the error of a pub/sub component that the app may not use, or that does not exist."""
    if not name:
        return _pubsub(StatusCode.INVALID_ARGUMENT, "EMPTY", "pubsub name is empty", 404, "NAME_EMPTY")
    return _pubsub(StatusCode.INVALID_ARGUMENT, "NOT_FOUND", f"pubsub {name} is not found", 404)


def topic_empty(pubsub: str) -> DaprError:
    """Return the error of a request without a topic."""
    return DaprError(
        StatusCode.INVALID_ARGUMENT,
        "ERR_TOPIC_NAME_EMPTY",
        f"topic is empty in pubsub {pubsub}",
        status=404,
        reason="DAPR_PUBSUB_TOPIC_NAME_EMPTY",
    )


def topic_forbidden(topic: str, app_id: str) -> DaprError:
    """Return the error of a topic outside the app's scope."""
    message = f"topic {topic} is not allowed for app id {app_id}"
    return _pubsub(StatusCode.PERMISSION_DENIED, "FORBIDDEN", message, 403)


def publish_failed(topic: str, pubsub: str, cause: object) -> DaprError:
    """Return the error of an event that could not be kept."""
    message = f"error when publishing to topic {topic} in pubsub {pubsub}: {cause}"
    return _pubsub(StatusCode.INTERNAL, "PUBLISH_MESSAGE", message, 500)


def cloud_event_invalid() -> DaprError:
    """Return the error of a body that says it is a CloudEvent and is not."""
    return DaprError(
        StatusCode.INVALID_ARGUMENT,
        "ERR_PUBSUB_CLOUD_EVENTS_SER",
        "cannot create cloudevent",
        status=500,
        reason="DAPR_PUBSUB_CLOUD_EVENT_CREATION",
    )


def entries_invalid(topic: str, pubsub: str, cause: object) -> DaprError:
    """Return the error of a bulk publish whose entries contradict one another or cannot be read."""
    message = f"error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: {cause}"
    return DaprError(
        StatusCode.INVALID_ARGUMENT,
        "ERR_PUBSUB_EVENTS_SER",
        message,
        reason="DAPR_PUBSUB_MARSHAL_EVENTS",
    )


def _pubsub(code: StatusCode, name: str, message: str, status: int, reason: str = "") -> DaprError:
    return DaprError(code, f"ERR_PUBSUB_{name}", message, status=status, reason=f"DAPR_PUBSUB_{reason or name}")


def job_error(action: str, code: StatusCode, cause: object) -> DaprError:
    """Return the error of the scheduler: `action` is schedule, get, list or delete."""
    reason = f"DAPR_SCHEDULER_{action.upper()}_JOB"
    return DaprError(code, reason, f"failed to {action} job due to: {cause}")


def job_field_empty(field: str) -> DaprError:
    """Return the error of a job request that lacks its job, name or schedule."""
    reason = {"Job": "EMPTY", "Name": "JOB_NAME_EMPTY", "Schedule": "SCHEDULE_EMPTY"}[field]
    return DaprError(StatusCode.INVALID_ARGUMENT, f"DAPR_SCHEDULER_{reason}", f"{field} is empty")


def invoke_failed(
    app_id: str, cause: object, *, code: StatusCode = StatusCode.INTERNAL, status: int = 500
) -> DaprError:
    """Return the error of a service invocation that did not reach its application."""
    return DaprError(code, "ERR_DIRECT_INVOKE", f"failed to invoke, id: {app_id}, err: {cause}", status=status)


def invoke_denied(caller: str, callee: str, operation: str, verb: str) -> DaprError:
    """Return the error of an operation that no edge of the caller allows."""
    cause = (
        "rpc error: code = PermissionDenied desc = access control policy has denied access to "
        f"id: spiffe://public/ns/default/{caller} operation: {operation} verb: {verb}"
    )
    return invoke_failed(callee, cause, code=StatusCode.PERMISSION_DENIED, status=403)


def secret_store_missing(name: str, *, any_store: bool) -> DaprError:
    """Return the error of a secret store that the app may not use, or that does not exist."""
    if any_store:
        return DaprError(
            StatusCode.INVALID_ARGUMENT,
            "ERR_SECRET_STORE_NOT_FOUND",
            f"failed finding secret store with key {name}",
            status=401,
        )
    return DaprError(
        StatusCode.FAILED_PRECONDITION,
        "ERR_SECRET_STORES_NOT_CONFIGURED",
        "secret store is not configured",
        status=500,
    )


def secret_denied(key: str, store: str) -> DaprError:
    """Return the error of a secret that the app is not given."""
    message = f'access denied by policy to get "{key}" from "{store}"'
    return DaprError(StatusCode.PERMISSION_DENIED, "ERR_PERMISSION_DENIED", message)


def secret_missing(key: str, store: str) -> DaprError:
    """Return the error of a secret that does not exist."""
    message = f'failed getting secret with key {key} from secret store {store}: secrets "{key}" not found'
    return DaprError(StatusCode.INTERNAL, "ERR_SECRET_GET", message)


def binding_failed(name: str, cause: object) -> DaprError:
    """Return the error of an output binding that did not do what it was asked."""
    message = f"error invoking output binding {name}: {cause}"
    return DaprError(StatusCode.INTERNAL, "ERR_INVOKE_OUTPUT_BINDING", message)


def conversation_missing(name: str) -> DaprError:
    """Return the error of a conversation component that the app may not use, or that does not exist."""
    message = f"failed finding conversation component {name}"
    return DaprError(StatusCode.INVALID_ARGUMENT, "ERR_CONVERSATION_NOT_FOUND", message)


def conversation_empty(name: str) -> DaprError:
    """Return the error of a talk in which nobody says anything."""
    message = f"failed conversing with component {name}: missing inputs in request"
    return DaprError(StatusCode.INVALID_ARGUMENT, "ERR_CONVERSATION_MISSING_INPUTS", message)


def conversation_invalid(name: str, cause: object) -> DaprError:
    """Return the error of a talk that cannot be read."""
    message = f"failed conversing with component {name}: invalid params: {cause}"
    return DaprError(StatusCode.INVALID_ARGUMENT, "ERR_CONVERSATION_INVALID_PARMS", message)
