"""The gRPC face of a sidecar: `dapr.proto.runtime.v1.Dapr`, message by message.

A method that stands under two names is the same one under its alpha and its stable name.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

import grpc
import orjson
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import ai_pb2 as ai
from dapr.proto.runtime.v1 import binding_pb2 as binding
from dapr.proto.runtime.v1 import invoke_pb2 as invoke
from dapr.proto.runtime.v1 import jobs_pb2 as jobs
from dapr.proto.runtime.v1 import metadata_pb2 as metadata_messages
from dapr.proto.runtime.v1 import pubsub_pb2 as pubsub
from dapr.proto.runtime.v1 import secret_pb2 as secret
from dapr.proto.runtime.v1 import state_pb2 as state
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpc import StatusCode

from infra.local.runtime import grpc_invoke
from infra.local.runtime.cloudevents import JSON, new_traceparent
from infra.local.runtime.errors import DaprError, job_field_empty
from infra.local.runtime.metadata import describe
from infra.local.runtime.pubsub import Entry
from infra.local.runtime.sidecar import Sidecar
from infra.local.runtime.state import Write

CONCURRENCY: Final = {1: "first-write", 2: "last-write"}


class Context(Protocol):
    """What gRPC offers a method beside its request."""

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...] | None:
        """Return what came with the call."""

    async def send_initial_metadata(self, metadata: tuple[tuple[str, str], ...]) -> None:
        """Send headers before the answer."""

    async def abort(self, code: StatusCode, details: str, trailing_metadata: tuple[tuple[str, bytes], ...]) -> NoReturn:
        """End the call with an error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whose it is, and what came with it."""

    sidecar: Sidecar
    metadata: Mapping[str, str]
    context: Context

    @property
    def traceparent(self) -> str:
        """The caller's trace context, or a new one."""
        return self.metadata.get("traceparent") or new_traceparent()


# Each method takes the request that the table below names beside it.
Method = Callable[[Call, Any], Awaitable[Message]]


async def get_state(call: Call, request: state.GetStateRequest) -> state.GetStateResponse:
    """Return value and ETag; both empty where there is none."""
    found = call.sidecar.state(request.store_name).get(request.key)
    if found is None:
        return state.GetStateResponse()
    return state.GetStateResponse(data=found.data, etag=found.etag, metadata=found.metadata)


async def get_bulk_state(call: Call, request: state.GetBulkStateRequest) -> state.GetBulkStateResponse:
    """Return one item a key, without data where there is none."""
    values = call.sidecar.state(request.store_name).get_many(request.keys)
    response = state.GetBulkStateResponse()
    for key in request.keys:
        found = values.get(key)
        if found is None:
            response.items.add(key=key)
        else:
            response.items.add(key=key, data=found.data, etag=found.etag, metadata=found.metadata)
    return response


async def save_state(call: Call, request: state.SaveStateRequest) -> Empty:
    """Write each state by itself."""
    store = call.sidecar.state(request.store_name)
    if any(not item.key for item in request.states):
        raise DaprError(StatusCode.INVALID_ARGUMENT, "ERR_STATE_SAVE", "state key cannot be empty")
    if request.states:
        await store.save([_write(item, _saved(item)) for item in request.states])
    return Empty()


async def delete_state(call: Call, request: state.DeleteStateRequest) -> Empty:
    """Delete one key."""
    concurrency = CONCURRENCY.get(request.options.concurrency, "")
    await call.sidecar.state(request.store_name).delete(Write(request.key, None, request.etag.value, concurrency))
    return Empty()


async def delete_bulk_state(call: Call, request: state.DeleteBulkStateRequest) -> Empty:
    """Delete each key by itself."""
    store = call.sidecar.state(request.store_name)
    if request.states:
        await store.delete_bulk([_write(item, None) for item in request.states])
    return Empty()


async def transact(call: Call, request: state.ExecuteStateTransactionRequest) -> Empty:
    """Apply all operations or none."""
    store = call.sidecar.state(request.storeName)
    writes = []
    for operation in request.operations:
        if operation.operationType not in ("upsert", "delete"):
            message = f"operation type {operation.operationType} not supported"
            raise DaprError(StatusCode.UNIMPLEMENTED, "ERR_NOT_SUPPORTED_STATE_OPERATION", message)
        value = operation.request.value if operation.operationType == "upsert" else None
        writes.append(_write(operation.request, value))
    if writes:
        await store.transact(writes)
    return Empty()


async def publish(call: Call, request: pubsub.PublishEventRequest) -> Empty:
    """Publish one event."""
    entry = Entry("", request.data, request.data_content_type, dict(request.metadata))
    await call.sidecar.services.pubsub.publish(
        call.sidecar.application, request.pubsub_name, request.topic, [entry], call.traceparent
    )
    return Empty()


async def publish_bulk(call: Call, request: pubsub.BulkPublishRequest) -> pubsub.BulkPublishResponse:
    """Publish all entries or none; so there are never failed ones to name."""
    shared = dict(request.metadata)
    entries = [
        Entry(entry.entry_id, entry.event, entry.content_type, {**dict(entry.metadata), **shared})
        for entry in request.entries
    ]
    await call.sidecar.services.pubsub.publish_bulk(
        call.sidecar.application, request.pubsub_name, request.topic, entries, call.traceparent
    )
    return pubsub.BulkPublishResponse()


async def invoke_binding(call: Call, request: binding.InvokeBindingRequest) -> binding.InvokeBindingResponse:
    """Invoke an output binding."""
    await call.sidecar.invoke_binding(request.name, request.operation, dict(request.metadata), request.data)
    return binding.InvokeBindingResponse()


async def converse(call: Call, request: ai.ConversationRequestAlpha2) -> ai.ConversationResponseAlpha2:
    """Return what the component answers to what was said."""
    return call.sidecar.converse(request)


async def get_secret(call: Call, request: secret.GetSecretRequest) -> secret.GetSecretResponse:
    """Return keys and values of one secret."""
    return secret.GetSecretResponse(data=call.sidecar.secret(request.store_name, request.key))


async def get_bulk_secret(call: Call, request: secret.GetBulkSecretRequest) -> secret.GetBulkSecretResponse:
    """Return every secret that the app is given."""
    response = secret.GetBulkSecretResponse()
    for name, values in call.sidecar.secrets(request.store_name).items():
        response.data[name].secrets.update(values)
    return response


async def schedule_job(call: Call, request: jobs.ScheduleJobRequest) -> jobs.ScheduleJobResponse:
    """Schedule a job."""
    if not request.HasField("job"):
        raise job_field_empty("Job")
    await call.sidecar.services.jobs.schedule(call.sidecar.app_id, request.job, overwrite=request.overwrite)
    return jobs.ScheduleJobResponse()


async def get_job(call: Call, request: jobs.GetJobRequest) -> jobs.GetJobResponse:
    """Return one job."""
    return jobs.GetJobResponse(job=call.sidecar.services.jobs.get(call.sidecar.app_id, request.name))


async def delete_job(call: Call, request: jobs.DeleteJobRequest) -> jobs.DeleteJobResponse:
    """Delete one job, if it is there."""
    await call.sidecar.services.jobs.delete(call.sidecar.app_id, request.name)
    return jobs.DeleteJobResponse()


async def delete_jobs_by_prefix(
    call: Call, request: jobs.DeleteJobsByPrefixRequestAlpha1
) -> jobs.DeleteJobsByPrefixResponseAlpha1:
    """Delete the app's jobs whose names begin so."""
    await call.sidecar.services.jobs.delete_by_prefix(call.sidecar.app_id, request.name_prefix)
    return jobs.DeleteJobsByPrefixResponseAlpha1()


async def list_jobs(call: Call, _request: jobs.ListJobsRequestAlpha1) -> jobs.ListJobsResponseAlpha1:
    """Return every job of the app."""
    return jobs.ListJobsResponseAlpha1(jobs=call.sidecar.services.jobs.names(call.sidecar.app_id))


async def get_metadata(
    call: Call, _request: metadata_messages.GetMetadataRequest
) -> metadata_messages.GetMetadataResponse:
    """Describe the sidecar."""
    return describe(call.sidecar)


async def set_metadata(call: Call, request: metadata_messages.SetMetadataRequest) -> Empty:
    """Keep an attribute for as long as the runtime runs."""
    call.sidecar.extended_metadata[request.key] = request.value
    return Empty()


async def invoke_service(call: Call, request: invoke.InvokeServiceRequest) -> common.InvokeResponse:
    """Invoke another application over HTTP; its status and headers are sent before its body."""
    answer = await grpc_invoke.invoke_service(call.sidecar, call.metadata, request)
    await call.context.send_initial_metadata(answer.headers)
    return answer.message()


METHODS: Final[dict[str, tuple[type[Message], Method]]] = {
    "GetState": (state.GetStateRequest, get_state),
    "GetBulkState": (state.GetBulkStateRequest, get_bulk_state),
    "SaveState": (state.SaveStateRequest, save_state),
    "DeleteState": (state.DeleteStateRequest, delete_state),
    "DeleteBulkState": (state.DeleteBulkStateRequest, delete_bulk_state),
    "ExecuteStateTransaction": (state.ExecuteStateTransactionRequest, transact),
    "PublishEvent": (pubsub.PublishEventRequest, publish),
    "BulkPublishEventAlpha1": (pubsub.BulkPublishRequest, publish_bulk),
    "BulkPublishEvent": (pubsub.BulkPublishRequest, publish_bulk),
    "InvokeBinding": (binding.InvokeBindingRequest, invoke_binding),
    "ConverseAlpha2": (ai.ConversationRequestAlpha2, converse),
    "GetSecret": (secret.GetSecretRequest, get_secret),
    "GetBulkSecret": (secret.GetBulkSecretRequest, get_bulk_secret),
    "ScheduleJobAlpha1": (jobs.ScheduleJobRequest, schedule_job),
    "ScheduleJob": (jobs.ScheduleJobRequest, schedule_job),
    "GetJobAlpha1": (jobs.GetJobRequest, get_job),
    "GetJob": (jobs.GetJobRequest, get_job),
    "DeleteJobAlpha1": (jobs.DeleteJobRequest, delete_job),
    "DeleteJob": (jobs.DeleteJobRequest, delete_job),
    "DeleteJobsByPrefixAlpha1": (jobs.DeleteJobsByPrefixRequestAlpha1, delete_jobs_by_prefix),
    "DeleteJobsByPrefix": (jobs.DeleteJobsByPrefixRequestAlpha1, delete_jobs_by_prefix),
    "ListJobsAlpha1": (jobs.ListJobsRequestAlpha1, list_jobs),
    "ListJobs": (jobs.ListJobsRequestAlpha1, list_jobs),
    "GetMetadata": (metadata_messages.GetMetadataRequest, get_metadata),
    "SetMetadata": (metadata_messages.SetMetadataRequest, set_metadata),
    "InvokeService": (invoke.InvokeServiceRequest, invoke_service),
}


def handlers(sidecar: Sidecar) -> grpc.GenericRpcHandler:
    """Return the gRPC handlers of one sidecar."""
    return grpc.method_handlers_generic_handler(
        "dapr.proto.runtime.v1.Dapr",
        {name: _handler(sidecar, request, method) for name, (request, method) in METHODS.items()},
    )


def _handler(sidecar: Sidecar, request_type: type[Message], method: Method) -> grpc.RpcMethodHandler:
    async def serve(request: Message, context: Context) -> Message:
        pairs = context.invocation_metadata() or ()
        metadata = {name: value for name, value in pairs if isinstance(value, str)}
        try:
            if not sidecar.authorized(metadata.get("dapr-api-token")):
                raise DaprError(StatusCode.UNAUTHENTICATED, "ERR_UNAUTHENTICATED", "Unauthorized")
            return await method(Call(sidecar, metadata, context), request)
        except DaprError as error:
            details = (("grpc-status-details-bin", error.details()),)
            await context.abort(error.code, error.message, details)

    return grpc.unary_unary_rpc_method_handler(
        serve, request_deserializer=request_type.FromString, response_serializer=_encode
    )


def _encode(message: Message) -> bytes:
    return message.SerializeToString()


def _write(item: common.StateItem, value: bytes | None) -> Write:
    concurrency = CONCURRENCY.get(item.options.concurrency, "")
    return Write(item.key, value, item.etag.value, concurrency, dict(item.metadata))


def _saved(item: common.StateItem) -> bytes:
    """Return the value as it is kept: one that says it is JSON is read and written anew, as daprd does."""
    if item.metadata.get("contentType") != JSON:
        return item.value
    try:
        return orjson.dumps(orjson.loads(item.value), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError as error:
        raise DaprError(StatusCode.UNKNOWN, "ERR_MALFORMED_REQUEST", str(error), status=500) from error
