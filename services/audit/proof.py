"""The proof that a trail is whole: the chain recomputed from its first entry to its head, page by page."""

import logging
from typing import Final

from services.audit.chain import Broken, Header, Verifier, genesis
from services.audit.metrics import PROOFS
from services.audit.schemas import Proof
from services.audit.trail import PAGES_EPOCH, UNREADABLE, Trail
from services.kit.pages import Page, PageMissing

log = logging.getLogger(__name__)

_CHUNK: Final = 16
_ATTEMPTS: Final = 3


async def verify(trail: Trail, person: str) -> Proof:
    """Recompute a person's chain; the answer names the first entry at which it does not hold.

    A trail that is written to or erased while it is read may look broken; it is read again before that is said.
    """
    proof, etag = await _attempt(trail, person)
    for _ in range(_ATTEMPTS - 1):
        if proof.ok:
            break
        before = etag
        proof, etag = await _attempt(trail, person)
        if etag == before:
            break
    PROOFS.labels("ok" if proof.ok else "broken").inc()
    if not proof.ok:
        log.error("the trail is broken at entry %s: %s", proof.broken_at, proof.reason)
    return proof


async def _attempt(trail: Trail, person: str) -> tuple[Proof, str]:
    """Return the proof, and the ETag of the open page that it was made from."""
    try:
        page = await trail.pages.open_page(person)
        header = Header.of(page.header, person)
    except UNREADABLE:
        return _broken(Header(head=genesis(person)), Broken(1, "the open page cannot be read")), ""
    verifier = Verifier(person, header)
    try:
        await _walk(trail, person, page, verifier)
        await _check_beyond(trail, person, page, verifier)
    except Broken as broken:
        return _broken(verifier.walked, broken), page.etag
    behind = await trail.count_missing(person, header.position)
    return Proof(ok=True, entries=header.length, head=header.head, behind=behind or None), page.etag


def _broken(walked: Header, broken: Broken) -> Proof:
    return Proof(ok=False, entries=walked.length, head=walked.head, broken_at=broken.index, reason=broken.reason)


async def _walk(trail: Trail, person: str, page: Page, verifier: Verifier) -> None:
    for start in range(1, page.number, _CHUNK):
        pages = await trail.read(person, range(start, min(start + _CHUNK, page.number)))
        for number, entries in pages.items():
            if entries is None:
                raise Broken(verifier.walked.length + 1, f"page {number} is missing or cannot be read")
            for entry in entries:
                verifier.feed(entry)
    for entry in page.entries:
        verifier.feed(entry)
    verifier.finish()


async def _check_beyond(trail: Trail, person: str, page: Page, verifier: Verifier) -> None:
    """Refuse an open page that was put back to an earlier one: the pages closed since are still there.

    The open page's own number may be closed already: a full page is copied before it is replaced.
    """
    here = {entry["hash"] for entry in page.entries}
    for number in (page.number, page.number + 1):
        try:
            copy = await trail.pages.closed_page(person, PAGES_EPOCH, number)
        except PageMissing:
            continue
        if not copy or copy[-1]["hash"] not in here:
            raise Broken(verifier.walked.length + 1, f"the end is missing: page {number} was closed, and is left out")
