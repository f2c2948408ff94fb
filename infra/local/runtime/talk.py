"""A talk as the components of the Conversation API read it: who said what, what was called, and what may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call of a tool; `arguments` are JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message. A tool's is the result of the call `answers`, of the tool `name`."""

    role: Literal["system", "user", "assistant", "tool"]
    texts: tuple[str, ...]
    calls: tuple[Wanted, ...] = ()
    answers: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        """All that it says."""
        return "\n".join(self.texts)


@dataclass(frozen=True, slots=True)
class Talk:
    """The messages so far, and the tools that are offered: the names of each one's arguments."""

    said: tuple[Said, ...]
    tools: Mapping[str, tuple[str, ...]]
