"""What a locale decides: the language of a line, and whether 2/3 is in February or in March."""

from collections.abc import Callable
from typing import Final

from services.backend.quick import english
from services.backend.quick.clues import Context, Found
from services.backend.quick.tokens import Line

Phrases = Callable[[Line, int, Context], Found | None]

LANGUAGES: Final[dict[str, Phrases]] = {"en": english.phrase}

# CLDR 47, the skeleton "Md" of each locale.
_MONTH_FIRST: Final = frozenset({"en", "en-us", "en-ca", "en-ph", "en-za", "fil", "hu", "ja", "ko", "lt", "mn", "zh"})


def phrases(locale: str) -> Phrases:
    """Return the phrases of a BCP 47 locale's language; English where a language is not here."""
    return LANGUAGES.get(_tag(locale).partition("-")[0], english.phrase)


def month_first(locale: str) -> bool:
    """Tell whether a locale writes the month before the day."""
    tag = _tag(locale)
    language, _, region = tag.partition("-")
    return tag in _MONTH_FIRST or (language in _MONTH_FIRST and language != "en") or region.endswith("us")


def _tag(locale: str) -> str:
    return locale.replace("_", "-").lower()
