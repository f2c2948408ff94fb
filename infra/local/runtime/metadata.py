"""What a sidecar says about itself."""

from typing import Final

from dapr.proto.runtime.v1.metadata_pb2 import GetMetadataResponse

from infra.local.runtime.sidecar import Sidecar

VERSION: Final = "embedded-1"
CAPABILITIES: Final = {
    "state": ("ETAG", "TRANSACTIONAL", "TTL"),
    "pubsub": ("BULK_PUBSUB",),
}


def describe(sidecar: Sidecar) -> GetMetadataResponse:
    """Return id, version, components, subscriptions and how the application is reached."""
    response = GetMetadataResponse(
        id=sidecar.app_id,
        runtime_version=VERSION,
        extended_metadata={"appReplica": str(sidecar.application.settings.replica)},
    )
    response.extended_metadata.update(sidecar.extended_metadata)
    for component in sidecar.services.registry.visible(sidecar.app_id):
        kind = component.type.partition(".")[0]
        response.registered_components.add(
            name=component.name,
            type=component.type,
            version=component.version,
            capabilities=CAPABILITIES.get(kind, ()),
        )
    for subscription in sidecar.services.pubsub.subscriptions(sidecar.application):
        added = response.subscriptions.add(
            pubsub_name=subscription.pubsub, topic=subscription.topic, type="PROGRAMMATIC"
        )
        added.rules.rules.add(path=subscription.route)
    response.app_connection_properties.port = sidecar.application.settings.app_port
    response.app_connection_properties.protocol = "http"
    response.app_connection_properties.channel_address = "127.0.0.1"
    return response
