"""What an answer to a question of the chat says: yes, no, one of several, or something else altogether."""

import re
from typing import Final

from services.backend.chat.matching import words_of

_YES: Final = re.compile(
    r"(?:yes|y|yep|yeah|yup|sure|ok|okay|do it|please do|go ahead|confirm|absolutely|definitely)"
    r"(?:[ ,.!]+(?:please|do it|do that|go ahead|go on|thanks|thank you|sure|of course|i am sure|yes|ok"
    r"|all of them|all|them all|(?:delete|move|complete) (?:it|them)(?: all)?))*[ .!]*",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"(?:no|n|nope|nah|cancel|don't|do not|stop|wait|never ?mind|forget it|(?:leave|keep) (?:it|them)|none|neither)"
    r"(?:[ ,.!]+(?:thanks|thank you|please|don't|do not|(?:leave|keep|do|delete) (?:it|them|that)"
    r"|it|that|cancel|stop|wait|not now|of them))*[ .!]*",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"(?:number |no\.? ?|the |#)?(\d{1,3}|[a-z]+)(?:st|nd|rd|th)?(?: one)?(?:,? please)?[.!]*", re.IGNORECASE
)
_ORDINALS: Final = {
    word: place
    for place, words in enumerate(("one first", "two second", "three third", "four fourth", "five fifth"), 1)
    for word in words.split()
}


def is_yes(text: str) -> bool:
    """Tell whether a message is a yes and nothing more: "yes, but not the rent" is none."""
    return _YES.fullmatch(_plain(text)) is not None


def is_no(text: str) -> bool:
    """Tell whether a message is a no and nothing more."""
    return _NO.fullmatch(_plain(text)) is not None


def chosen(text: str, told: list[str], count: int) -> int | None:
    """Return which of several a message means, from 0 on: by its number, or by words that one alone was told with."""
    match = _NUMBER.fullmatch(_plain(text))
    word = match[1].lower() if match else ""
    place = int(word) if word.isdigit() else _ORDINALS.get(word, 0)
    if place:
        return place - 1 if place <= count else None
    wanted = words_of(text)
    fitting = [index for index, one in enumerate(told) if wanted and all(word in words_of(one) for word in wanted)]
    return fitting[0] if len(fitting) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())
