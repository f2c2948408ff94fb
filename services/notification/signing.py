"""Signatures of webhooks by the Standard Webhooks scheme `v1`, with a key for each person.

What is signed is `{id}.{timestamp}.{body}`, with HMAC-SHA256. A person's key is derived from one secret (HKDF, RFC
5869), so no key is stored, and one that leaks says nothing of another.
"""

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from components.catalogue import SECRET_STORE, WEBHOOK_SIGNING
from services.kit.sidecar import Sidecar, SidecarError

PREFIX: Final = "whsec_"
_SALT: Final = b"task-platform webhooks"
_SECRET_SECONDS: Final = 300


def derive(secret: bytes, person: str) -> bytes:
    """Return a person's 32-byte key: HKDF-SHA256 of the secret, with the person as its context."""
    extracted = hmac.digest(_SALT, secret, hashlib.sha256)
    return hmac.digest(extracted, person.encode() + b"\x01", hashlib.sha256)


def shown(key: bytes) -> str:
    """Return a key as the scheme writes it down: `whsec_` and base64."""
    return PREFIX + b64encode(key).decode()


def signed_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers of a signed message; `timestamp` is in seconds since 1970."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signature = b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": f"v1,{signature}",
    }


class Keys:
    """People's keys; the secret is read through the sidecar, again every five minutes."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._secret = b""
        self._read_at = 0.0

    async def of(self, person: str) -> bytes:
        """Return a person's key; SidecarError when the secret cannot be read."""
        if not self._secret or time.monotonic() - self._read_at > _SECRET_SECONDS:
            found = await self._sidecar.secret(SECRET_STORE, WEBHOOK_SIGNING.name)
            secret = found.get(WEBHOOK_SIGNING.key, "").encode()
            if not secret:
                raise SidecarError(f"the secret {WEBHOOK_SIGNING.name} has no {WEBHOOK_SIGNING.key}")
            self._secret, self._read_at = secret, time.monotonic()
        return derive(self._secret, person)
