"""The catalogue rendered for daprd on one machine: a folder of YAML files that every sidecar of the platform reads."""

import json
import shutil
from pathlib import Path
from typing import Final

import yaml

from components.catalogue import CATALOGUE, EMAIL_BINDING, SECRET_STORE
from components.conversation import Conversation
from components.dapr import CONSUME_AGAIN, SMTP_SECRET, components
from components.manifests import Document, component_document, configuration_document, resiliency_document
from components.model import Catalogue, Component, Frozen, SecretRef

RESOURCES: Final = "resources"
_CONFIGURATIONS: Final = "configurations"
_SECRETS: Final = "secrets.json"
_NAMES: Final = "names.db"
_PRIVATE: Final = 0o600


class Place(Frozen):
    """Where everything is: the folder to render into, the brokers (host:port, by commas), and what is secret.

    `secrets` holds name to keys and values: those of the catalogue, the database's and, for mail to be sent, SMTP's.
    """

    folder: Path
    brokers: str
    secrets: dict[str, dict[str, str]]
    conversation: Conversation | None = None

    def knows(self, value: str | SecretRef) -> bool:
        """Tell whether a component's value is to be had here."""
        return isinstance(value, str) or value.key in self.secrets.get(value.name, {})

    @property
    def resources(self) -> Path:
        """The folder of the components, which every sidecar reads its own from."""
        return self.folder / RESOURCES

    def configuration(self, app_id: str) -> Path:
        """Return the file of that app's Configuration."""
        return self.folder / _CONFIGURATIONS / f"{app_id}.yaml"


def render(place: Place, catalogue: Catalogue = CATALOGUE) -> None:
    """Write the files into the folder; those of an earlier rendering are replaced."""
    shutil.rmtree(place.resources, ignore_errors=True)
    for name, document in resources(place, catalogue).items():
        _write(place.resources / f"{name}.yaml", document)
    for service in catalogue.services:
        configuration = configuration_document(service)
        configuration["spec"]["nameResolution"] = _name_resolution(place)
        _write(place.configuration(service.app_id), configuration)
    secrets = place.folder / _SECRETS
    secrets.touch(_PRIVATE)
    secrets.write_text(json.dumps(place.secrets))


def resources(place: Place, catalogue: Catalogue = CATALOGUE) -> dict[str, Document]:
    """Return the components and the resiliency, by name; there is no e-mail without a server to send it."""
    found = {
        component.name: component_document(_placed(component, place, catalogue), catalogue)
        for component in components(catalogue, place.conversation)
        if component.name != EMAIL_BINDING or "host" in place.secrets.get(SMTP_SECRET, {})
    }
    return found | {"resiliency": resiliency_document(catalogue, conversing=place.conversation is not None)}


def _placed(component: Component, place: Place, catalogue: Catalogue) -> Component:
    """Return the component with what only this place knows."""
    if component.type == "pubsub.kafka":
        here = {"brokers": place.brokers, "authType": "none", "disableTls": "true", **CONSUME_AGAIN}
        return component.model_copy(update={"metadata": component.metadata | here})
    if component.name == SECRET_STORE:
        return _secret_store(component, place, catalogue)
    return component.model_copy(update={"metadata": {n: v for n, v in component.metadata.items() if place.knows(v)}})


def _secret_store(component: Component, place: Place, catalogue: Catalogue) -> Component:
    """Return a file in the place of Kubernetes' secrets.

    Daprd reads the secrets of its components from it as well, so it is there for every app that has such a component;
    what an app itself may read, its Configuration says.
    """
    readers = {app for other in components(catalogue, place.conversation) if other.secret_store for app in other.scopes}
    return component.model_copy(
        update={
            "type": "secretstores.local.file",
            "metadata": {"secretsFile": str(place.folder / _SECRETS), "multiValued": "true"},
            "scopes": tuple(sorted({*component.scopes, *readers})),
        }
    )


def _name_resolution(place: Place) -> Document:
    """Return how sidecars find one another: a SQLite file, since multicast is not to be had on every machine.

    A sidecar that died is still found for 5 s. The clean-up is off: it removes the
    entries of those that live.
    """
    return {
        "component": "sqlite",
        "version": "v1",
        "configuration": {
            "connectionString": str(place.folder / _NAMES),
            "cleanupInterval": "0",
        },
    }


def _write(path: Path, document: Document) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
