"""The pod of a service: its container, and what Dapr's injector is told about the sidecar that it adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    HTTPGetActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    SleepActionArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.model import Service
from infra.kube import NAME, container_security, labels, pod_security
from infra.network import SIDECAR_METRICS_PORT
from infra.settings import Settings

TOKEN_KEY: Final = "token"  # noqa: S105 - the key that Dapr reads a token under
LOOPBACK: Final = "127.0.0.1"

# How a pod ends, of which service and sidecar hear at the same time. The public service is called at its own port:
# endpoints forget it (5 s), it finishes what it has begun (8 s at most, see services/kit/app.py), and its sidecar
# serves it until then. The others are called through their sidecars, to which a caller's sidecar stays connected for
# as long as they live: so these go first, and the services after them.
_FORGOTTEN_SECONDS: Final = 5
_PUBLIC_SIDECAR_STAYS: Final = 15
_SIDECAR_STAYS: Final = 10
_SIDECAR_GRACE_SECONDS: Final = 5
_AFTER_SIDECAR_SECONDS: Final = _SIDECAR_STAYS + _SIDECAR_GRACE_SECONDS + 1
_GRACE_SECONDS: Final = 30

_MEBI: Final = 1024 * 1024
_SIDECAR_RESOURCES: Final = {
    "dapr.io/sidecar-cpu-request": "50m",
    "dapr.io/sidecar-cpu-limit": "1",
    "dapr.io/sidecar-memory-request": "128Mi",
    "dapr.io/sidecar-memory-limit": "384Mi",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets that hold the tokens: `api` is shown to the sidecar, `app` to the service."""

    api: pulumi.Input[str]
    app: pulumi.Input[str]


def pod(
    service: Service, settings: Settings, tokens: Tokens, annotations: Mapping[str, pulumi.Input[str]]
) -> PodTemplateSpecArgs:
    """Return the pod template; `annotations` are what makes it new when something that it read has changed."""
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels=labels(service.app_id),
            annotations={**sidecar(service, tokens), **annotations},
        ),
        spec=PodSpecArgs(
            service_account_name=service.app_id,
            automount_service_account_token=bool(service.secrets),
            enable_service_links=False,
            termination_grace_period_seconds=_GRACE_SECONDS,
            security_context=pod_security(),
            topology_spread_constraints=[
                _spread(service, key) for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            containers=[_container(service, settings, tokens)],
            volumes=[VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="128Mi"))],
        ),
    )


def sidecar(service: Service, tokens: Tokens) -> dict[str, pulumi.Input[str]]:
    """Return the annotations that Dapr's injector makes a sidecar from."""
    return {
        "dapr.io/enabled": "true",
        "dapr.io/app-id": service.app_id,
        "dapr.io/app-port": str(service.port),
        "dapr.io/app-protocol": "http",
        "dapr.io/config": service.app_id,
        "dapr.io/api-token-secret": tokens.api,
        "dapr.io/app-token-secret": tokens.app,
        "dapr.io/max-body-size": f"{-(-service.max_body_bytes // _MEBI)}Mi",
        "dapr.io/read-buffer-size": "64Ki",  # a token and a few cookies are more than the 4 kB of daprd by itself
        "dapr.io/log-as-json": "true",
        "dapr.io/enable-metrics": "true",
        "dapr.io/metrics-port": str(SIDECAR_METRICS_PORT),
        "dapr.io/disable-builtin-k8s-secret-store": "true",
        "dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
        "dapr.io/block-shutdown-duration": f"{_PUBLIC_SIDECAR_STAYS if service.public else _SIDECAR_STAYS}s",
        "dapr.io/graceful-shutdown-seconds": str(_SIDECAR_GRACE_SECONDS),
        **_SIDECAR_RESOURCES,
    }


def _container(service: Service, settings: Settings, tokens: Tokens) -> ContainerArgs:
    return ContainerArgs(
        name=service.app_id,
        image=settings.image(service.app_id),
        image_pull_policy="IfNotPresent",
        ports=[ContainerPortArgs(name="http", container_port=service.port)],
        env=[*_plain(environment(service, settings)), *_secret(tokens)],
        startup_probe=_probe(service, settings, "/healthz", every=2, failures=60),
        liveness_probe=_probe(service, settings, "/healthz", every=10, failures=6),
        readiness_probe=_probe(service, settings, "/readyz", every=5, failures=2),
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=_stays(service)))),
        resources=ResourceRequirementsArgs(
            requests={"cpu": "100m", "memory": "192Mi"},
            limits={"cpu": "2", "memory": "512Mi"},
        ),
        security_context=container_security(),
        volume_mounts=[VolumeMountArgs(name="tmp", mount_path="/tmp")],  # noqa: S108 - a volume of the pod's own
    )


def _stays(service: Service) -> int:
    """Return for how many seconds a service goes on as before when its pod is to end."""
    return _FORGOTTEN_SECONDS if service.public else _AFTER_SIDECAR_SECONDS


def environment(service: Service, settings: Settings) -> dict[str, str]:
    """Return what the service is told, beside the tokens (services/kit/config.py says what each means).

    Without a login a service listens on the pod's loopback alone, where its sidecar and a port-forward reach it.
    """
    found = {
        "APP_HOST": LOOPBACK if settings.auth == "none" else "0.0.0.0",
        "APP_PORT": str(service.port),
        "AUTH": settings.auth,
        "LOG_LEVEL": settings.log_level,
    }
    if settings.auth == "oidc":
        found |= {
            "OIDC_ISSUER": settings.oidc_issuer,
            "OIDC_AUDIENCE": settings.oidc_audience,
            "OIDC_JWKS_URL": settings.oidc_jwks_url,
        }
    if service.converses and settings.language_model:
        found["CONVERSATION"] = settings.conversation
    if service.public:
        forwarded = " ".join(f"http://{name}:{service.port}" for name in (LOOPBACK, "localhost"))
        found["PUBLIC_ORIGINS"] = settings.origin or forwarded
        if settings.auth == "oidc":
            found["OIDC_CLIENT_ID"] = settings.oidc_client_id
            found["OIDC_SCOPES"] = settings.oidc_scopes
            found["OIDC_ORIGINS"] = " ".join(settings.oidc_origins)
    return found


def _plain(values: Mapping[str, str]) -> list[EnvVarArgs]:
    return [EnvVarArgs(name=name, value=value) for name, value in values.items()]


def _secret(tokens: Tokens) -> list[EnvVarArgs]:
    given = {"DAPR_API_TOKEN": tokens.api, "APP_API_TOKEN": tokens.app}
    return [
        EnvVarArgs(
            name=variable,
            value_from=EnvVarSourceArgs(secret_key_ref=SecretKeySelectorArgs(name=secret, key=TOKEN_KEY)),
        )
        for variable, secret in given.items()
    ]


def _probe(service: Service, settings: Settings, path: str, *, every: int, failures: int) -> ProbeArgs:
    """Ask from outside the pod, or from inside where the service listens on its loopback alone."""
    if settings.auth == "oidc":
        get = HTTPGetActionArgs(path=path, port="http")
        return ProbeArgs(http_get=get, timeout_seconds=3, period_seconds=every, failure_threshold=failures)
    ask = f"import urllib.request as r; r.urlopen('http://{LOOPBACK}:{service.port}{path}', timeout=3)"
    run = ExecActionArgs(command=["python", "-c", ask])
    return ProbeArgs(exec_=run, timeout_seconds=5, period_seconds=every, failure_threshold=failures)


def _spread(service: Service, key: str) -> TopologySpreadConstraintArgs:
    return TopologySpreadConstraintArgs(
        max_skew=1,
        topology_key=key,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=LabelSelectorArgs(match_labels={NAME: service.app_id}),
    )
