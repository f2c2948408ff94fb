"""The title: what is left of a line when the phrases that were understood are cut out."""

from collections.abc import Iterable
from typing import Final

_LOOSE: Final = " \t,;:–—-"
_JOINTS: Final = (",", ";")


def remainder(text: str, cuts: Iterable[tuple[int, int]]) -> str:
    """Return the text without the cuts (ascending, apart), in single spaces, without signs that lead nowhere now."""
    title, at, cut = "", 0, False
    for start, end in cuts:
        title = _joined(title, text[at:start], after_cut=cut)
        at, cut = end, True
    rest = text[at:]
    title = _joined(title, rest, after_cut=cut)
    if cut and not rest.strip():
        title = title.rstrip(_LOOSE)
    return " ".join(title.replace("()", " ").split())


def _joined(left: str, right: str, *, after_cut: bool) -> str:
    if not after_cut:
        return left + right
    if not left.strip():
        return right.lstrip(_LOOSE + ".")
    if not right.strip(" .,;:!?"):
        return left.rstrip(_LOOSE) + right.strip().lstrip(_LOOSE)
    if right.lstrip().startswith(_JOINTS):
        return left.rstrip(_LOOSE) + right.lstrip()
    if right[0] in ")]}.!?":
        return left.rstrip() + right
    return left + right
