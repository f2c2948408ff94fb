"""Documents in the state store, changed by reading, deciding and writing with the ETag that was read."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from components.catalogue import STATE_STORE
from services.kit.sidecar import EtagMismatch, Sidecar, SidecarError

_ATTEMPTS: Final = 8

M = TypeVar("M", bound=BaseModel)


class Documents:
    """The documents of one store; every method may raise SidecarError."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def read(self, key: str, model: type[M]) -> M | None:
        """Return the document, or None where there is none."""
        item = await self._sidecar.get(STATE_STORE, key)
        return model.model_validate_json(item.data) if item else None

    async def read_many(self, keys: Sequence[str], model: type[M]) -> dict[str, M]:
        """Return the documents under those keys; keys that hold nothing are left out."""
        items = await self._sidecar.get_many(STATE_STORE, keys)
        return {key: model.model_validate_json(item.data) for key, item in items.items()}

    async def update(
        self, key: str, model: type[M], decide: Callable[[M | None], M | None], *, ttl: int | None = None
    ) -> M | None:
        """Read, decide, write once, and return the document as it then is; `decide` returns None to leave it.

        `decide` is asked again whenever the document turns out to be another one, also when the reply to a write was
        lost: it has to recognise what it has already done. `ttl` is in seconds.
        """
        known: tuple[str, SidecarError] | None = None
        for _ in range(_ATTEMPTS):
            item = await self._sidecar.get(STATE_STORE, key)
            if known is not None and item.etag == known[0]:
                raise known[1]
            current = model.model_validate_json(item.data) if item else None
            wanted = decide(current)
            if wanted is None:
                return current
            try:
                await self._sidecar.save(STATE_STORE, key, wanted.model_dump_json().encode(), etag=item.etag, ttl=ttl)
            except EtagMismatch:
                known = None
            except SidecarError as error:
                known = (item.etag, error)
            else:
                return wanted
        raise SidecarError(f"{key} kept changing")

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete the documents; one that is not there is no error."""
        await self._sidecar.delete_many(STATE_STORE, keys)
