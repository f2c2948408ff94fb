"""The choice of the two stores that everything rests on, the event stream and the database, from the settings."""

from infra import postgres, redpanda
from infra.cluster import Cluster
from infra.postgres import Database, Postgres
from infra.redpanda import Redpanda, Stream
from infra.settings import Settings


def event_stream(settings: Settings, cluster: Cluster) -> Stream:
    """Return Redpanda in the cluster, or the Kafka that the settings name."""
    if settings.kafka == "redpanda":
        return Redpanda("redpanda", settings, cluster.options()).stream
    return redpanda.external(settings)


def state_store(settings: Settings, cluster: Cluster) -> Database:
    """Return PostgreSQL in the cluster, Cloud SQL beside it, or the one that the settings name."""
    if settings.postgres == "in-cluster":
        return Postgres("postgres", settings, cluster.options()).database
    if cluster.vpc and settings.postgres == "cloud-sql":
        from infra.cloudsql import CloudSql  # noqa: PLC0415 - Google's SDK takes seconds to load

        return CloudSql("task-platform", settings, cluster.vpc).database
    return postgres.external(settings)
