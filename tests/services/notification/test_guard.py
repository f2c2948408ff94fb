"""Nothing that a person writes as a webhook's URL leads inside."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
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

from notification.stage import Receiver
from services.notification.addresses import is_public
from services.notification.guard import MAX_BODY, MAX_URL, Guard, Refused, look_up

PRIVATE_ADDRESSES = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:10.0.0.1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC_ADDRESSES = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
HOSTILE = [
    "",
    "example.com",
    "//example.com/",
    "http://example.com/",
    "HTTP://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "ws://example.com/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "https:example.com",
    "https:/example.com",
    "https:///example.com",
    "https://",
    "https://:443/",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://@example.com/",
    "https://:@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com%2f@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://example.com/#fragment",
    "https://example.com\\@127.0.0.1/",
    "https:\\\\127.0.0.1\\",
    "https://example.com /",
    " https://example.com/",
    "https://example.com/\n",
    "https://exa\tmple.com/",
    "https://example.com/\r\nHost: inside",
    "https://example.com/\x00",
    "https://exam%00ple.com/",
    "https://%31%32%37.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0177.0.0.1/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0x/",
    "https://2130706433/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://127.0.0.0x1/",
    "https://1.1.1.1.1/",
    "https://256.1.1.1/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[127.0.0.1]/",
    "https://[v1.fe80::a]/",
    "https://[v1.a]/",
    "https://[::1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://ⓛocalhost/",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://backend/",
    "https://backend.tasks.svc.cluster.local/",
    "https://router.home.arpa/",
    "https://nas.lan/",
    "https://example.com./",
    "https://-example.com/",
    "https://example-.com/",
    "https://exam ple.com/",
    "https://example..com/",
    "https://.example.com/",
    f"https://{'a' * 64}.com/",
    f"https://{'a.' * 127}com/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:80/",
    "https://example.com:1023/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "https://example.com:x/",
    f"https://example.com/{'x' * (MAX_URL - 19)}",
    *(f"https://{f'[{a}]' if ':' in a else a}/" for a in PRIVATE_ADDRESSES),
]
FRIENDLY = [
    "https://example.com",
    "https://example.com/hooks?a=b&c=%20",
    "HTTPS://Example.COM:443/",
    "https://example.com:8443/",
    "https://example.com:1024/",
    "https://example.com:65535/",
    "https://hooks.example.co.uk/services/T0/B0/x_y-z~",
    "https://exämple.com/ä",
    "https://a_b.example.com/",
    "https://1.1.1.1/",
    "https://[2606:4700::1111]:8443/x",
    f"https://example.com/{'x' * (MAX_URL - 20)}",
]


class Lookup:
    """A name server that gives its answers in turn; the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.1.1.1/32", "0x7f.0.0.1", "1.1.1.1 "])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_ipv4_agrees_with_the_registry(address: IPv4Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    assert is_public(str(IPv6Address(f"::ffff:{address}"))) == is_public(str(address))
    assert is_public(str(IPv6Address(f"64:ff9b::{address}"))) == is_public(str(address))


@given(st.ip_addresses(v=6))
def test_ipv6_agrees_with_the_registry(address: IPv6Address) -> None:
    if is_public(str(address)):
        judged = address.ipv4_mapped or address
        assert judged.is_global
        assert not judged.is_multicast


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
        assert await asyncio.wait_for(guard.post(url, b"{}", {}), 5) == 200
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
