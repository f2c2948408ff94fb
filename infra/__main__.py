"""The whole platform, in the order of its deployment: `pulumi up --stack minikube`, or `--stack gke`."""

import pulumi

from components.catalogue import CATALOGUE
from components.kubernetes import Place
from infra import collector, postgres, redpanda
from infra.cluster import provision
from infra.configuration import read
from infra.credentials import Credentials, CredentialsArgs
from infra.dapr import BuildingBlocks, BuildingBlocksArgs, Dapr
from infra.entry import Entry, EntryArgs
from infra.kube import PLATFORM, namespace
from infra.network import deny_all
from infra.observability import Observability
from infra.rollout import RolloutArgs, roll_out, surroundings
from infra.stores import event_stream, state_store

settings = read()

# The cluster, and a namespace in which nobody may do anything yet
cluster = provision(PLATFORM, settings)
home = namespace(settings.namespace, cluster.options(), resource_name="services")
within = home.metadata.name.apply(str)
closed = deny_all("deny-all", within, cluster.options())

# What the services stand on, and what they need to know to reach it
stream = event_stream(settings, cluster)
database = state_store(settings, cluster)
credentials = Credentials(
    "credentials",
    CredentialsArgs(settings, CATALOGUE, within, database.connection_string, stream.credentials),
    cluster.options(),
)

# Both can be used: the topics are there, and the database answers
usable = [
    redpanda.topics_task(
        stream, settings, CATALOGUE, within, credentials, cluster.options(credentials, closed, *stream.ready)
    ),
    postgres.check(database, settings, within, credentials, cluster.options(credentials, closed, *database.ready)),
]

# Dapr, and what it is told of the catalogue
dapr = Dapr("dapr", settings, cluster.options())
place = Place(
    namespace=settings.namespace,
    kafka=stream.kafka,
    email=bool(settings.smtp_host),
    collector=collector.ADDRESS if settings.otlp_endpoint else "",
    conversation=settings.language_model,
)
blocks = BuildingBlocks(
    "building-blocks",
    BuildingBlocksArgs(place, CATALOGUE, within),
    cluster.options(dapr, credentials, *usable),
)
watch = Observability("observability", settings, within, cluster.options(dapr))

# The services: who writes, who consumes, and last the public one
around = surroundings(settings, stream, database)
services = roll_out(
    RolloutArgs(settings, CATALOGUE, within, credentials, place, around), cluster.options(blocks, closed)
)

# The door
public = next(service for service in CATALOGUE.services if service.public)
if settings.expose == "gateway":
    entry = Entry(
        public.app_id,
        EntryArgs(settings, public, within),
        cluster.options(services[public.app_id]),
    )
    if entry.address is not None:
        pulumi.export("address", entry.address)
context = f"--context {settings.kube_context} " if settings.kube_context else ""
forward = f"kubectl {context}--namespace {settings.namespace} port-forward deployment/{public.app_id} {public.port}"
pulumi.export("url", settings.origin or f"http://localhost:{public.port} (by {forward})")
pulumi.export("namespace", settings.namespace)
if cluster.kubeconfig is not None:
    pulumi.export("kubeconfig", cluster.kubeconfig)
if settings.image_digests:
    pulumi.export("imageDigests", dict(settings.image_digests))  # what runs; no file of the repository says it
