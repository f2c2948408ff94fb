"""What `make up` can be told, and how it refuses what it cannot be."""

from pathlib import Path

import pytest

from components.conversation import Conversation, Provider
from infra.local.options import Options, StartError

SMTP = {"SMTP_HOST": "mail.example.org", "EMAIL_FROM": "tasks@example.org"}


def problems(environment: dict[str, str]) -> str:
    with pytest.raises(StartError) as error:
        Options.read(environment)
    return str(error.value)


def test_nothing_said() -> None:
    options = Options.read({})
    assert (options.port, options.data, options.reset) == (8080, Path.cwd() / ".data", False)
    assert options.smtp == {}
    assert options.environment == {"PUBLIC_ORIGINS": "http://127.0.0.1:8080 http://localhost:8080"}


def test_empty_is_as_good_as_absent() -> None:
    assert Options.read(dict.fromkeys(("PORT", "DATA", "RESET", "RUNTIME", "SMTP_HOST"), " ")) == Options.read({})


def test_everything_said(tmp_path: Path) -> None:
    smtp = SMTP | {"SMTP_PORT": "587", "SMTP_USER": "me", "SMTP_PASSWORD": "secret"}
    options = Options.read({"PORT": "1", "DATA": str(tmp_path), "RESET": "1", "RUNTIME": "embedded"} | smtp)
    assert (options.port, options.data, options.reset) == (1, tmp_path, True)
    assert options.smtp == {
        "host": "mail.example.org",
        "port": "587",
        "user": "me",
        "password": "secret",
        "emailFrom": "tasks@example.org",
    }


def test_services_inherit_what_is_theirs_and_no_password() -> None:
    theirs = {"LOG_LEVEL": "DEBUG", "WEBHOOK_ALLOW_PRIVATE": "1", "PUBLIC_ORIGINS": "https://tasks.example.org"}
    options = Options.read({"PORT": "9000", "SMTP_USER": "me", "SMTP_PASSWORD": "secret"} | SMTP | theirs)
    assert options.environment == theirs


def test_the_model_of_the_chat_is_told_to_services_and_its_key_is_not() -> None:
    given = {"CONVERSATION": "openai", "RUNTIME": "dapr", "CONVERSATION_KEY": "k", "CONVERSATION_MODEL": "m"}
    options = Options.read(given)
    assert options.conversation == Conversation(provider=Provider.OPENAI, model="m")
    assert options.conversation_key == "k"
    assert options.environment["CONVERSATION"] == "openai"
    assert "k" not in options.environment.values()


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_providers_that_ask_for_a_key(provider: str) -> None:
    given = {"CONVERSATION": provider, "RUNTIME": "dapr"}
    assert "CONVERSATION_KEY: missing" in problems(given)
    options = Options.read(given | {"CONVERSATION_KEY": "k"})
    assert options.conversation == Conversation(provider=Provider(provider))


@pytest.mark.parametrize("provider", ["echo", "rules"])
def test_the_embedded_runtime_tries_the_way_through_a_model_without_one(provider: str) -> None:
    options = Options.read({"CONVERSATION": provider})
    assert (options.runtime, options.conversation) == ("embedded", Conversation(provider=Provider(provider)))


def test_mail_written_to_files_may_have_a_sender() -> None:
    assert Options.read({"EMAIL_FROM": "me@example.org"}).smtp == {"emailFrom": "me@example.org"}


@pytest.mark.parametrize("port", ["1", "65535"])
def test_the_ports_there_are(port: str) -> None:
    assert Options.read({"PORT": port}).port == int(port)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8080.0", "²", "99999999999"])
def test_ports_that_are_none(port: str) -> None:
    assert f"PORT: {port} is not a port" in problems({"PORT": port})


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"RESET": "yes"}, "RESET: yes is neither 1 (start over) nor 0"),
        ({"RUNTIME": "docker"}, "RUNTIME: there is no docker; there is: embedded, dapr"),
        (
            {"CONVERSATION": "gpt"},
            "CONVERSATION: there is no gpt; there is: openai, anthropic, google, ollama, echo, r",
        ),
        ({"CONVERSATION": "openai"}, "CONVERSATION: only real Dapr reaches openai; add RUNTIME=dapr"),
        ({"CONVERSATION": "rules", "RUNTIME": "dapr"}, "CONVERSATION: real Dapr has no rules; without CONVERSATION"),
        ({"CONVERSATION": "rules", "CONVERSATION_KEY": "k"}, "CONVERSATION_KEY: rules asks for none; leave it out"),
        (
            {"CONVERSATION": "ollama", "RUNTIME": "dapr"},
            "CONVERSATION_MODEL: ollama needs it\n  CONVERSATION_ENDPOINT: ",
        ),
        ({"CONVERSATION": "google", "CONVERSATION_ENDPOINT": "http://x"}, "CONVERSATION_ENDPOINT: google needs none"),
        ({"CONVERSATION": "openai", "CONVERSATION_ENDPOINT": "x:1"}, "CONVERSATION_ENDPOINT: must be an http:// or"),
        ({"CONVERSATION": "openai", "RUNTIME": "dapr"}, "CONVERSATION_KEY: missing"),
        ({"CONVERSATION_KEY": "k"}, "CONVERSATION: missing, and CONVERSATION_KEY say nothing without it"),
        ({"BACKEND_REPLICAS": "0"}, "BACKEND_REPLICAS: 0 is not a number of processes, 1 to 8"),
        ({"SMTP_PORT": "25"}, "SMTP_HOST: missing, and SMTP_PORT say nothing without it"),
        ({"SMTP_HOST": "mail"}, "EMAIL_FROM: missing"),
        (SMTP | {"SMTP_USER": "me"}, "SMTP_USER and SMTP_PASSWORD: give both or neither"),
        (SMTP | {"SMTP_PORT": "smtp"}, "SMTP_PORT: smtp is not a port"),
        ({"AUTH": "basic"}, "AUTH: Input should be 'none' or 'oidc'"),
        ({"AUTH": "oidc"}, "AUTH=oidc needs OIDC_ISSUER, OIDC_AUDIENCE, OIDC_JWKS_URL"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: "),
    ],
)
def test_one_wrong_option(environment: dict[str, str], named: str) -> None:
    assert named in problems(environment)


def test_every_wrong_option_is_named_at_once() -> None:
    found = problems({"PORT": "x", "RESET": "x", "RUNTIME": "x", "SMTP_USER": "x", "AUTH": "x", "LOG_LEVEL": "x"})
    lines = [line.split(":")[0].strip() for line in found.splitlines()]
    assert lines == [
        "wrong options",
        "PORT",
        "RESET",
        "RUNTIME",
        "SMTP_HOST",
        "SMTP_USER and SMTP_PASSWORD",
        "AUTH",
        "LOG_LEVEL",
    ]
