"""What a stack is told: its configuration, read once, checked whole, and never changed afterwards.

Every key of `Pulumi.<stack>.yaml` is a field here, in camel case. Defaults stand here and in `Pulumi.yaml`, where
`pulumi config` shows them; a test holds the two together. An optional text is empty where it is not given, because
Pulumi takes a declared key without a default for a required one.
"""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from components.conversation import Conversation, Provider

PROJECT: Final = "task-platform"
CLOUD_KEYS: Final = {"gcp:project": "gcpProject", "gcp:region": "gcpRegion"}

NOT_GIVEN: Final = SecretStr("")


def _parsed(value: object) -> object:
    """Pulumi hands over arrays and objects as JSON."""
    return json.loads(value) if isinstance(value, str) else value


_JSON: Final = BeforeValidator(_parsed)
Texts = Annotated[tuple[str, ...], _JSON]
Digests = Annotated[dict[str, Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]], _JSON]
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class Settings(BaseModel):
    """The settings of one stack; `infra.refusals` says which of them contradict each other."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)

    # Where: a cluster made here (gke), one that a kube context leads to (minikube, existing)
    platform: Literal["minikube", "gke", "existing"]
    kube_context: str = ""
    namespace: Name = "task-platform"
    protect_data: bool = True

    # Google Cloud
    gcp_project: str = ""
    gcp_region: str = ""
    autopilot: bool = True
    machine_type: str = "e2-standard-4"
    nodes_per_zone: int = Field(default=3, ge=1, le=100)
    release_channel: Literal["REGULAR", "STABLE"] = "REGULAR"
    authorized_networks: Texts = ()
    cloud_sql_tier: str = "db-custom-2-7680"

    # The services' images: `<repository>/<app id>`, at a digest where one is given, else at the tag
    image_repository: str = "task-platform"
    image_tag: str = ""
    image_digests: Digests = Field(default_factory=dict)
    replicas: int = Field(default=2, ge=1, le=50)
    max_replicas: int = Field(default=6, ge=1, le=100)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Who may come in, and by which door
    auth: Literal["none", "oidc"] = "oidc"
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    oidc_client_id: str = ""
    oidc_scopes: str = "openid profile offline_access"
    oidc_origins: Texts = ()
    expose: Literal["none", "node-port", "gateway"] = "none"
    host: str = ""
    node_port: int = Field(default=30080, ge=30000, le=32767)
    gateway_class: str = "gke-l7-global-external-managed"
    tls_secret: str = ""

    # The event stream: Redpanda in the cluster, or any Kafka
    kafka: Literal["redpanda", "external"] = "redpanda"
    kafka_replicas: int = Field(default=3, ge=1, le=9)
    kafka_partitions: int = Field(default=12, ge=1, le=1024)
    kafka_retention_hours: int = Field(default=168, ge=1)
    kafka_storage: Quantity = "20Gi"
    kafka_memory: Quantity = "2560Mi"
    kafka_brokers: Texts = ()
    kafka_tls: bool = True
    kafka_sasl: Literal["none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-256"
    kafka_user: str = ""
    kafka_password: SecretStr = NOT_GIVEN
    kafka_ca: str = ""
    redpanda_chart: str = "redpanda"
    redpanda_chart_repository: str = "https://charts.redpanda.com"
    redpanda_chart_version: str = "26.2.1"
    redpanda_image: str = "docker.redpanda.com/redpandadata/redpanda:v26.2.1"

    # The state store: PostgreSQL in the cluster, Cloud SQL, or any other
    postgres: Literal["in-cluster", "cloud-sql", "external"] = "external"
    database_url: SecretStr = NOT_GIVEN
    database_storage: Quantity = "10Gi"
    postgres_image: str = "docker.io/library/postgres:16.13"

    # Dapr; chart and registry are settable for clusters without the internet
    dapr_chart: str = "dapr"
    dapr_chart_repository: str = "https://dapr.github.io/helm-charts"
    dapr_version: str = Field(default="1.18.3", pattern=r"^\d+\.\d+\.\d+$")
    dapr_registry: str = "ghcr.io/dapr"
    scheduler_storage: Quantity = "16Gi"
    scheduler_storage_class: str = ""

    # E-mail; without a host reminders go by the other channels
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = NOT_GIVEN
    smtp_from: str = ""

    # The chat's language model; without one the chat goes by rules
    conversation: Literal["none", "openai", "anthropic", "google", "ollama"] = "none"
    conversation_model: str = ""
    conversation_endpoint: str = ""
    conversation_key: SecretStr = NOT_GIVEN

    # What watches over it
    monitoring: Literal["none", "managed", "stack"] = "none"
    prometheus_chart: str = "kube-prometheus-stack"
    prometheus_chart_repository: str = "https://prometheus-community.github.io/helm-charts"
    prometheus_chart_version: str = "88.5.3"
    collector_image: str = "docker.io/otel/opentelemetry-collector-contrib:0.159.0"
    otlp_endpoint: str = ""

    @property
    def is_cloud(self) -> bool:
        """Tell whether people depend on it: everything but a cluster on one's own machine."""
        return self.platform != "minikube"

    @property
    def origin(self) -> str:
        """The address that people reach the platform at; empty where it has no public one."""
        if self.expose == "none":
            return ""
        return f"https://{self.host}" if self.expose == "gateway" else f"http://{self.host}:{self.node_port}"

    @property
    def language_model(self) -> Conversation | None:
        """The language model that the chat talks to; None where it goes by rules."""
        if self.conversation == "none":
            return None
        return Conversation(
            provider=Provider(self.conversation), model=self.conversation_model, endpoint=self.conversation_endpoint
        )

    def image(self, app_id: str) -> str:
        """Return the image of a service."""
        if digest := self.image_digests.get(app_id):
            return f"{self.image_repository}/{app_id}@{digest}"
        return f"{self.image_repository}/{app_id}:{self.image_tag}"


SECRETS: Final = frozenset(
    to_camel(name) for name, field in Settings.model_fields.items() if field.annotation is SecretStr
)


def key_of(name: str) -> str:
    """Return how `pulumi config` calls a setting, given its field or its alias."""
    alias = to_camel(name) if "_" in name else name
    return next((key for key, known in CLOUD_KEYS.items() if known == alias), alias)


def aliases() -> dict[str, Any]:
    """Return every setting's key and its default."""
    return {
        to_camel(name): field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()
    }
