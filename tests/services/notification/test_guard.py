"""Nothing that a person writes as a webhook's URL leads inside."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from notification.hostile import FRIENDLY, HOSTILE, PRIVATE_ADDRESSES
from notification.stage import Receiver
from services.notification.addresses import is_public
from services.notification.guard import MAX_BODY, Guard, Refused, look_up


class Lookup:
    """A name server that gives its answers in turn; the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("url", HOSTILE)
async def test_hostile_urls(url: str) -> None:
    lookup = Lookup(["127.0.0.1"])
    async with Guard(lookup=lookup) as guard:
        with pytest.raises(Refused):
            guard.check(url)
        with pytest.raises(Refused):
            await guard.check_reachable(url)
        with pytest.raises(Refused):
            await guard.post(url, b"{}", {})
    assert lookup.asked == []


@pytest.mark.parametrize("url", FRIENDLY)
async def test_friendly_urls(url: str) -> None:
    async with Guard(lookup=Lookup(["1.1.1.1"])) as guard:
        assert guard.check(url).scheme == "https"
        await guard.check_reachable(url)


@given(st.text(max_size=60).map(lambda text: f"https://{text}"))
async def test_any_text_is_a_host_or_refused(text: str) -> None:
    async with Guard(lookup=Lookup(["1.1.1.1"])) as guard:
        try:
            host = guard.check(text).raw_host or ""
        except Refused:
            return
        try:
            assert is_public(str(ip_address(host)))
        except ValueError:
            assert "." in host


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
async def test_a_name_of_a_private_address(address: str) -> None:
    async with Guard(lookup=Lookup([address])) as guard:
        with pytest.raises(Refused):
            await guard.check_reachable("https://hooks.example.com/")
        with pytest.raises(Refused, match="not public"):
            await guard.post("https://hooks.example.com/", b"{}", {})


@pytest.mark.parametrize("addresses", [["1.1.1.1", "127.0.0.1"], ["::1", "1.1.1.1"]])
async def test_one_private_address_among_others_is_enough(addresses: list[str]) -> None:
    async with Guard(lookup=Lookup(addresses)) as guard:
        with pytest.raises(Refused):
            await guard.post("https://hooks.example.com/", b"{}", {})


async def test_a_name_that_answers_public_first_and_private_then() -> None:
    lookup = Lookup(["1.1.1.1"], ["127.0.0.1"])
    async with Guard(lookup=lookup) as guard:
        await guard.check_reachable("https://rebind.example.com/")
        with pytest.raises(Refused):
            await guard.post("https://rebind.example.com/", b"{}", {})
    assert len(lookup.asked) == 2


async def test_the_name_is_resolved_once_and_the_connection_goes_there(receiver: Receiver) -> None:
    port = URL(receiver.url).port
    lookup = Lookup(["127.0.0.1"], ["192.0.2.1"])
    async with Guard(allow_private=True, lookup=lookup) as guard:
        assert await guard.post(f"http://hooks.example.com:{port}/hook", b"{}", {}) == 204
    assert lookup.asked == ["hooks.example.com"]
    ((headers, body),) = receiver.requests
    assert headers["Host"] == f"hooks.example.com:{port}"
    assert body == b"{}"


async def test_each_request_is_resolved_anew(receiver: Receiver) -> None:
    port = URL(receiver.url).port
    lookup = Lookup(["127.0.0.1"])
    async with Guard(allow_private=True, lookup=lookup) as guard:
        for _ in range(3):
            await guard.post(f"http://hooks.example.com:{port}/hook", b"{}", {})
    assert len(lookup.asked) == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "hooks.example.com"])
async def test_the_socket_is_the_last_gate(receiver: Receiver, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Guard(lookup=Lookup(["127.0.0.1"])) as guard:

        async def careless(_: str) -> list[str]:
            return ["127.0.0.1"]

        monkeypatch.setattr(guard, "check", URL)
        monkeypatch.setattr(guard, "resolve", careless)
        with pytest.raises((Refused, aiohttp.ClientError)):
            await guard.post(f"http://{host}:{URL(receiver.url).port}/", b"{}", {})
    assert receiver.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    async with Guard(allow_private=True) as guard:
        assert await guard.post(receiver.url, b"{}", {}) == status
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receiver() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        async with Guard(allow_private=True) as guard:
            await guard.post(receiver.url, b"{}", {})
        assert proxy.requests == []
    assert len(receiver.requests) == 1


async def test_no_cookies_are_kept() -> None:
    seen: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("a", "b")
        return response

    url, runner = await _serve(answer)
    async with Guard(allow_private=True, lookup=Lookup(["127.0.0.1"])) as guard:
        for _ in range(2):
            await guard.post(url.replace("127.0.0.1", "hooks.example.com"), b"{}", {})
    await runner.cleanup()
    assert seen == [None, None]


async def test_an_endless_answer_is_not_read() -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while sent < 512 * 1024 * 1024:
                await response.write(b"x" * 65_536)
                sent += 65_536
        except OSError:
            pass
        return response

    url, runner = await _serve(answer)
    async with Guard(allow_private=True) as guard:
        assert await asyncio.wait_for(guard.post(url, b"{}", {}), 60) == 200
    await runner.cleanup()
    assert sent < 64 * 1024 * 1024


async def test_headers_without_end() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Guard(allow_private=True) as guard:
            with pytest.raises(aiohttp.ClientError):
                await guard.post(f"http://127.0.0.1:{port}/", b"{}", {})


@pytest.mark.parametrize(("size", "passes"), [(MAX_BODY, True), (MAX_BODY + 1, False)])
async def test_the_body_is_bounded(receiver: Receiver, size: int, passes: bool) -> None:
    async with Guard(allow_private=True) as guard:
        if passes:
            assert await guard.post(receiver.url, b"x" * size, {}) == 204
        else:
            with pytest.raises(Refused):
                await guard.post(receiver.url, b"x" * size, {})


async def test_a_name_without_addresses() -> None:
    async with Guard(lookup=Lookup([])) as guard:
        await guard.check_reachable("https://nowhere.example.com/")
        with pytest.raises(aiohttp.ClientConnectorError):
            await guard.post("https://nowhere.example.com/", b"{}", {})


async def test_the_systems_resolver() -> None:
    assert set(await look_up("localhost")) <= {"127.0.0.1", "::1"}


async def test_the_certificate_has_to_be_of_the_name(tmp_path: Path) -> None:
    served, trusted = _certificate(tmp_path, "hooks.example.com")

    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    url, runner = await _serve(answer, served)
    port = URL(url).port
    async with Guard(allow_private=True, lookup=Lookup(["127.0.0.1"]), context=trusted) as guard:
        assert await guard.post(f"https://hooks.example.com:{port}/", b"{}", {}) == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await guard.post(f"https://other.example.com:{port}/", b"{}", {})
    async with Guard(allow_private=True, lookup=Lookup(["127.0.0.1"])) as guard:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await guard.post(f"https://hooks.example.com:{port}/", b"{}", {})
    await runner.cleanup()


async def _serve(handler: object, context: ssl.SSLContext | None = None) -> tuple[str, web.AppRunner]:
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/", runner


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS contexts of a server with a certificate of that name, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(folder / "server.pem")
    return served, ssl.create_default_context(cadata=pem.decode())
