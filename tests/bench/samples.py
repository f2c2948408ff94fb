"""The tasks that the benchmarks write, alike for the platform and the plain app."""

import random
from typing import Any, Final

WORDS: Final = ("report", "groceries", "call the bank", "review", "plan the trip")
_PHRASES: Final = (
    "some words on what is to be done",
    "as people write them",
    "remember why it mattered",
    "ask Anna before Friday",
    "see last week's notes",
    "bring the receipts",
    "compare three offers",
    "then decide",
    "budget under forty",
    "send the draft",
    "wait for an answer",
    "book a window seat",
    "print the tickets",
    "check the passport",
    "water the plants",
    "leave the key next door",
)


def task(number: int) -> dict[str, Any]:
    """Return the body of a task as people write them, about 250 bytes; the same for the same number."""
    phrases = random.Random(number).choices(_PHRASES, k=6)
    return {
        "title": f"{WORDS[number % 5]} {number}",
        "description": ", ".join(phrases),
        "priority": ("none", "low", "medium", "high", "urgent")[number % 5],
        "tags": ["home"] if number % 2 else ["work", "later"],
    }
