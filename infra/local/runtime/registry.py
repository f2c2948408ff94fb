"""The Dapr components of the settings: which application may use which, and what their metadata resolves to."""

from collections.abc import Mapping

from components.embedded import RuntimeSettings
from components.model import Component


class Registry:
    """Components by name; an application sees those that name it in their scopes, or have none."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._components = settings.components
        self._secrets: Mapping[str, Mapping[str, str]] = settings.secrets

    def visible(self, app_id: str, kind: str = "") -> list[Component]:
        """Return the components of that kind (`state`, `pubsub`, `secretstores`, `bindings`) for the app."""
        return [
            component
            for component in self._components
            if component.type.startswith(kind) and (not component.scopes or app_id in component.scopes)
        ]

    def find(self, app_id: str, kind: str, name: str) -> Component | None:
        """Return the component of that kind and name, or None where the app has none."""
        return next((found for found in self.visible(app_id, kind) if found.name == name), None)

    def metadata(self, component: Component) -> dict[str, str]:
        """Return the component's metadata, without those whose secret is not there."""
        found: dict[str, str] = {}
        for name, value in component.metadata.items():
            text = value if isinstance(value, str) else self._secrets.get(value.name, {}).get(value.key)
            if text is not None:
                found[name] = text
        return found
