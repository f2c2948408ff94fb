"""What `make up` can be told, all by environment variables; wrong ones are reported together before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from components.catalogue import BACKEND, FRONTEND
from components.conversation import KEYED, Conversation, Provider, contradictions
from services.kit.config import Config, ConfigError

HOST: Final = "127.0.0.1"
EMBEDDED: Final = "embedded"
DAPR: Final = "dapr"
RUNTIMES: Final = (EMBEDDED, DAPR)
MOST_REPLICAS: Final = 8

_SMTP: Final = {
    "SMTP_HOST": "host",
    "SMTP_PORT": "port",
    "SMTP_USER": "user",
    "SMTP_PASSWORD": "password",
    "EMAIL_FROM": "emailFrom",
}
_REPLICAS: Final = {"BACKEND_REPLICAS": BACKEND, "FRONTEND_REPLICAS": FRONTEND}
_CONVERSATION: Final = ("CONVERSATION_MODEL", "CONVERSATION_ENDPOINT", "CONVERSATION_KEY")
_WITHOUT_MODEL: Final = frozenset({Provider.ECHO, Provider.RULES})
_OWN: Final = {"PORT", "DATA", "RESET", "RUNTIME", *_REPLICAS, *_SMTP, *_CONVERSATION}


class StartError(Exception):
    """The platform cannot start; the message names what is wrong and what to do about it."""


@dataclass(frozen=True, slots=True)
class Options:
    """Checked options.

    `conversation` is the chat's language model, and `conversation_key` its key; None: it goes by rules.
    `smtp` is the secret that the `email` binding reads: empty, mail is written to files. `replicas` is how many
    processes an app id has, where that is not one. `environment` is what every service inherits.
    """

    port: int
    data: Path
    reset: bool
    runtime: str
    replicas: Mapping[str, int]
    smtp: Mapping[str, str]
    environment: Mapping[str, str]
    conversation: Conversation | None = None
    conversation_key: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the options; StartError lists every one that is wrong."""
        given = {name: text for name, value in environment.items() if (text := value.strip())}
        inherited = {name: value for name, value in environment.items() if name not in _OWN}
        port = given.get("PORT", "8080")
        origins = " ".join(f"http://{name}:{port}" for name in (HOST, "localhost"))
        inherited["PUBLIC_ORIGINS"] = given.get("PUBLIC_ORIGINS", origins)
        problems = [*_own_problems(given, port), *_service_problems(inherited)]
        if problems:
            raise StartError("wrong options:\n" + "\n".join(f"  {problem}" for problem in problems))
        return cls(
            port=int(port),
            data=Path(given.get("DATA", ".data")).expanduser().absolute(),
            reset=given.get("RESET") == "1",
            runtime=given.get("RUNTIME", EMBEDDED),
            replicas={app_id: int(given.get(name, "1")) for name, app_id in _REPLICAS.items()},
            smtp={key: given[name] for name, key in _SMTP.items() if name in given},
            environment=inherited,
            conversation=_conversation(given),
            conversation_key=given.get("CONVERSATION_KEY", ""),
        )


def _own_problems(given: Mapping[str, str], port: str) -> list[str]:
    problems = []
    if not _is_port(port):
        problems.append(f"PORT: {port} is not a port, 1 to 65535")
    if (reset := given.get("RESET", "0")) not in {"0", "1"}:
        problems.append(f"RESET: {reset} is neither 1 (start over) nor 0")
    if (runtime := given.get("RUNTIME", EMBEDDED)) not in RUNTIMES:
        problems.append(f"RUNTIME: there is no {runtime}; there is: {', '.join(RUNTIMES)}")
    problems += [
        f"{name}: {text} is not a number of processes, 1 to {MOST_REPLICAS}"
        for name in _REPLICAS
        if (text := given.get(name, "1")) not in {str(number) for number in range(1, MOST_REPLICAS + 1)}
    ]
    return problems + _conversation_problems(given) + _smtp_problems(given)


def _conversation(given: Mapping[str, str]) -> Conversation | None:
    if "CONVERSATION" not in given:
        return None
    return Conversation(
        provider=Provider(given["CONVERSATION"]),
        model=given.get("CONVERSATION_MODEL", ""),
        endpoint=given.get("CONVERSATION_ENDPOINT", ""),
    )


def _conversation_problems(given: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the language model; the embedded runtime reaches nothing outside."""
    alone = [name for name in _CONVERSATION if name in given]
    if "CONVERSATION" not in given:
        return [f"CONVERSATION: missing, and {', '.join(alone)} say nothing without it"] if alone else []
    if (wanted := given["CONVERSATION"]) not in set(Provider):
        return [f"CONVERSATION: there is no {wanted}; there is: {', '.join(Provider)}"]
    provider, runtime = Provider(wanted), given.get("RUNTIME", EMBEDDED)
    problems = []
    if runtime != DAPR and provider not in _WITHOUT_MODEL:
        problems.append(f"CONVERSATION: only real Dapr reaches {wanted}; add RUNTIME=dapr")
    if runtime == DAPR and provider is Provider.RULES:
        problems.append("CONVERSATION: real Dapr has no rules; without CONVERSATION the chat goes by its own")
    if provider in KEYED and "CONVERSATION_KEY" not in given:
        problems.append("CONVERSATION_KEY: missing; a server that asks for none takes any")
    if provider not in KEYED and "CONVERSATION_KEY" in given:
        problems.append(f"CONVERSATION_KEY: {wanted} asks for none; leave it out")
    model, endpoint = given.get("CONVERSATION_MODEL", ""), given.get("CONVERSATION_ENDPOINT", "")
    return problems + [
        f"CONVERSATION_{field.upper()}: {text}" for field, text in contradictions(provider, model, endpoint)
    ]


def _smtp_problems(given: Mapping[str, str]) -> list[str]:
    needing_host = [name for name in ("SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD") if name in given]
    problems = []
    if "SMTP_HOST" not in given and needing_host:
        problems.append(f"SMTP_HOST: missing, and {', '.join(needing_host)} say nothing without it")
    if "SMTP_HOST" in given and "EMAIL_FROM" not in given:
        problems.append("EMAIL_FROM: missing; name the address that mail is sent from")
    if ("SMTP_USER" in given) != ("SMTP_PASSWORD" in given):
        problems.append("SMTP_USER and SMTP_PASSWORD: give both or neither")
    if not _is_port(port := given.get("SMTP_PORT", "25")):
        problems.append(f"SMTP_PORT: {port} is not a port, 1 to 65535")
    return problems


def _service_problems(inherited: Mapping[str, str]) -> list[str]:
    try:
        Config.from_environment(FRONTEND, 1, {**inherited, "APP_HOST": HOST, "APP_PORT": "1"})
    except ConfigError as error:
        return str(error).partition(": ")[2].split("; ")
    return []


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535
