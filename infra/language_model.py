"""Which settings of the chat's language model cannot be."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from components.conversation import KEYED, PLACED, Provider, contradictions
from infra.problem import PLACEHOLDER, Problem
from infra.settings import Settings


def language_model(s: Settings) -> Iterator[Problem]:
    """Yield what is wrong with them."""
    key = s.conversation_key.get_secret_value()
    if s.conversation == "none":
        given = {"Model": s.conversation_model, "Endpoint": s.conversation_endpoint, "Key": key}
        for name in (name for name, value in given.items() if value):
            yield Problem(f"conversation{name}", "conversation none has no language model, so it says nothing", None)
        return
    provider = Provider(s.conversation)
    if provider in KEYED and not key:
        yield Problem("conversationKey", f"conversation {s.conversation} needs it")
    if provider not in KEYED and key:
        yield Problem("conversationKey", f"conversation {s.conversation} asks for no key", None)
    for field, text in contradictions(provider, s.conversation_model, s.conversation_endpoint):
        is_superfluous = field == "endpoint" and provider not in PLACED
        yield Problem(f"conversation{field.capitalize()}", text, None if is_superfluous else PLACEHOLDER)
    if s.is_cloud and _leaves_in_plain_text(s.conversation_endpoint):
        message = (
            "people's tasks would leave the cluster in plain text; https, or a Service (NAME.NAMESPACE.svc), keeps them"
        )
        yield Problem("conversationEndpoint", message, "https://…")


def _leaves_in_plain_text(endpoint: str) -> bool:
    try:
        url = urlsplit(endpoint)
    except ValueError:
        return False  # it is no address, which is said already
    return url.scheme == "http" and not (url.hostname or "").endswith((".svc", ".svc.cluster.local"))
