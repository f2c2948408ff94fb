"""A line cut into words, numbers and signs, in one pass; what stands in quotes, addresses and links are left whole.

Every look at a token is counted, so that tests can hold the reading to a number of steps that grows with the line.
"""

import re
from typing import Final, NamedTuple

_CHUNK: Final = re.compile(r'"[^"]*"|“[^“”]*”|[^\s"“]+|["“]')
_PIECE: Final = re.compile(r"[0-9]+|[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_OPENERS: Final = frozenset("([{-–—")
_CLOSERS: Final = frozenset(".,;:!?)]}…-–—")
_LINKS: Final = ("://", "@", "www.")


class Token(NamedTuple):
    """A piece of a line from `start` to `end`; `glued` where no white space is before it."""

    text: str
    start: int
    end: int
    glued: bool
    literal: bool = False


NUMBER: Final = "0"
_DIGITS: Final = frozenset("0123456789")
_NOTHING: Final = Token("", 0, 0, glued=False, literal=True)


class Line:
    """A line and its tokens; beyond either end there are empty ones."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.steps = 0
        self._words = ["" if token.literal else token.text.lower() for token in self.tokens]
        self._keys = [NUMBER if word[:1] in _DIGITS and word else word for word in self._words]

    def __len__(self) -> int:
        return len(self.tokens)

    def token(self, index: int) -> Token:
        """Return a token, an empty one beyond the ends."""
        self.steps += 1
        return self.tokens[index] if 0 <= index < len(self.tokens) else _NOTHING

    def word(self, index: int) -> str:
        """Return a token in lower case; nothing for what is to be taken literally, and beyond the ends."""
        self.steps += 1
        return self._words[index] if 0 <= index < len(self._words) else ""

    def glued(self, index: int) -> str:
        """Return the token in lower case if it follows the one before it without white space."""
        return self.word(index) if self.token(index).glued else ""

    def number(self, index: int, digits: int = 4) -> int | None:
        """Return the number that a token is; None where it is none, or has more digits."""
        text = self.word(index)
        return int(text) if text[:1] in _DIGITS and 0 < len(text) <= digits else None

    def key(self, index: int) -> str:
        """Return what phrases are looked up by that begin with a token: its word, `NUMBER` for all numbers."""
        self.steps += 1
        return self._keys[index]

    def begins(self, index: int) -> bool:
        """Tell whether a phrase may begin at a token: at the begin of a word, or after an opening sign."""
        token = self.token(index)
        if not token.glued:
            return True
        before = self.token(index - 1)
        return before.text in _OPENERS and not before.glued

    def ends(self, index: int) -> bool:
        """Tell whether a phrase may end before a token: at the end of a word, or before closing signs."""
        token = self.token(index)
        if not token.glued:
            return True
        after = self.token(index + 1)
        return token.text in _CLOSERS and (not after.glued or after.text in _CLOSERS)

    def is_over(self, index: int) -> bool:
        """Tell whether nothing but closing signs is left from a token on (as far as the second)."""
        return all(not text or text in _CLOSERS for text in (self.token(index).text, self.token(index + 1).text))


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for chunk in _CHUNK.finditer(text):
        glued = chunk.start() > 0 and not text[chunk.start() - 1].isspace()
        body = chunk.group()
        if _is_literal(body):
            found.append(Token(body, chunk.start(), chunk.end(), glued, literal=True))
            continue
        for piece in _PIECE.finditer(body):
            start = chunk.start() + piece.start()
            found.append(Token(piece.group(), start, chunk.start() + piece.end(), glued or piece.start() > 0))
    return found


def _is_literal(chunk: str) -> bool:
    if len(chunk) > 1 and chunk[0] in '"“':
        return True
    lower = chunk.lower()
    return any(mark in lower[1:] for mark in _LINKS[:2]) or lower.startswith(_LINKS[2])
