"""The public door: a Gateway with TLS in front of the one public service, which lets WebSockets live for an hour."""

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.model import Service
from infra.kube import CustomObject
from infra.settings import Settings

# Who a Google load balancer and its health checks come from, as Google publishes it.
LOAD_BALANCERS: Final = ("130.211.0.0/22", "35.191.0.0/16")

_API: Final = "gateway.networking.k8s.io/v1"
_GOOGLE: Final = "networking.gke.io/v1"
_HTTPS: Final = "https"
_HTTP: Final = "http"
_WEBSOCKET_SECONDS: Final = 3600  # the load balancer cuts whatever lives longer; clients come back by cursor
_DRAINING_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class EntryArgs:
    """The service behind the door, whose Kubernetes Service is there already, and the namespace that it stands in."""

    settings: Settings
    service: Service
    namespace: pulumi.Input[str]


class Entry(pulumi.ComponentResource):
    """The Gateway and its routes; on Google Cloud also its address, certificate and time-outs."""

    address: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Entry", name, None, opts)
        self._stem, self._args = name, args
        google = args.settings.platform == "gke"
        gateway = self._google_gateway() if google else self._gateway(self._tls())
        self._object("HTTPRoute", "", self._route(_HTTPS, [self._backend()]), gateway)
        redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": _HTTPS, "statusCode": 301}}
        self._object("HTTPRoute", "-redirect", self._route(_HTTP, [{"filters": [redirect]}]), gateway)
        if google:
            self._policies(gateway)
        self.register_outputs({})

    def _tls(self) -> dict[str, Any]:
        return {"tls": {"mode": "Terminate", "certificateRefs": [{"name": self._args.settings.tls_secret}]}}

    def _gateway(self, tls: dict[str, Any], annotations: dict[str, Any] | None = None, **more: object) -> CustomObject:
        host = self._args.settings.host
        listeners = [
            {"name": _HTTP, "protocol": "HTTP", "port": 80, "hostname": host},
            {"name": _HTTPS, "protocol": "HTTPS", "port": 443, "hostname": host, **tls},
        ]
        spec = {"gatewayClassName": self._args.settings.gateway_class, "listeners": listeners, **more}
        return self._object("Gateway", "", spec, annotations=annotations)

    def _google_gateway(self) -> CustomObject:
        from infra.front import Front  # noqa: PLC0415 - Google's SDK takes seconds to load

        front = Front(self._stem, self._args.settings, pulumi.ResourceOptions(parent=self))
        self.address = front.address
        return self._gateway(
            {},
            {"networking.gke.io/certmap": front.certificates},
            addresses=[{"type": "NamedAddress", "value": front.address_name}],
        )

    def _route(self, listener: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "parentRefs": [{"name": self._stem, "sectionName": listener}],
            "hostnames": [self._args.settings.host],
            "rules": rules,
        }

    def _backend(self) -> dict[str, Any]:
        return {"backendRefs": [{"name": self._args.service.app_id, "port": self._args.service.port}]}

    def _policies(self, gateway: CustomObject) -> None:
        target = {"targetRef": {"group": "", "kind": "Service", "name": self._args.service.app_id}}
        draining = {"connectionDraining": {"drainingTimeoutSec": _DRAINING_SECONDS}}
        timeouts = {"default": {"timeoutSec": _WEBSOCKET_SECONDS, **draining}}
        self._object("GCPBackendPolicy", "", {**timeouts, **target}, gateway, api=_GOOGLE)
        check = {"type": "HTTP", "httpHealthCheck": {"requestPath": "/readyz", "portSpecification": "USE_SERVING_PORT"}}
        self._object("HealthCheckPolicy", "", {"default": {"config": check}, **target}, gateway, api=_GOOGLE)

    def _object(
        self,
        kind: str,
        suffix: str,
        spec: dict[str, Any],
        *after: CustomObject,
        api: str = _API,
        annotations: dict[str, Any] | None = None,
    ) -> CustomObject:
        metadata = {"name": self._stem + suffix, "namespace": self._args.namespace, "annotations": annotations or {}}
        return CustomObject(
            f"{self._stem}{suffix}-{kind.lower()}",
            {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec},
            pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
