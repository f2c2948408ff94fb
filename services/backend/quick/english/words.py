"""The words of English."""

from datetime import time
from types import MappingProxyType
from typing import Final

from services.backend.quick.clues import Unit

WEEKDAYS: Final = MappingProxyType(
    {
        word: day
        for day, words in enumerate(
            (
                "monday mon",
                "tuesday tue tues",
                "wednesday wed weds",
                "thursday thu thur thurs",
                "friday fri",
                "saturday sat",
                "sunday sun",
            )
        )
        for word in words.split()
    }
)
WEEKDAYS_EACH: Final = MappingProxyType({f"{word}s": day for word, day in WEEKDAYS.items() if word.endswith("day")})
DOUBTFUL: Final = frozenset({"sat", "sun", "wed", "mon", "may", "mar", "march", "second", "august"})
MONTHS: Final = MappingProxyType(
    {
        word: number
        for number, words in enumerate(
            (
                "january jan",
                "february feb",
                "march mar",
                "april apr",
                "may",
                "june jun",
                "july jul",
                "august aug",
                "september sep sept",
                "october oct",
                "november nov",
                "december dec",
            ),
            1,
        )
        for word in words.split()
    }
)
NUMBERS: Final = MappingProxyType(
    {
        "a": 1,
        "an": 1,
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
        "fifteen": 15,
        "twenty": 20,
        "thirty": 30,
        "sixty": 60,
        "ninety": 90,
    }
)
ORDINALS: Final = MappingProxyType(
    {
        "first": 1,
        "second": 2,
        "third": 3,
        "fourth": 4,
        "fifth": 5,
        "sixth": 6,
        "seventh": 7,
        "eighth": 8,
        "ninth": 9,
        "tenth": 10,
        "last": -1,
    }
)
SUFFIXES: Final = frozenset({"st", "nd", "rd", "th"})
UNITS: Final = MappingProxyType(
    {
        word: unit
        for unit, words in (
            (Unit.MINUTE, "minute minutes min mins"),
            (Unit.HOUR, "hour hours hr hrs"),
            (Unit.DAY, "day days"),
            (Unit.WEEK, "week weeks wk wks"),
            (Unit.MONTH, "month months"),
            (Unit.YEAR, "year years yr yrs"),
        )
        for word in words.split()
    }
)
SHORT_UNITS: Final = MappingProxyType({"m": Unit.MINUTE, "h": Unit.HOUR, "d": Unit.DAY, "w": Unit.WEEK, "y": Unit.YEAR})
WORKING: Final = frozenset({"business", "working", "work"})
WORKDAYS: Final = frozenset({"weekday", "weekdays", "workday", "workdays"})
PARTS: Final = MappingProxyType(
    {
        "morning": time(9),
        "noon": time(12),
        "midday": time(12),
        "lunch": time(12),
        "lunchtime": time(12),
        "afternoon": time(15),
        "evening": time(19),
        "night": time(21),
    }
)
DAY_ENDS: Final = frozenset({"eod", "cob"})
RARELY: Final = MappingProxyType(
    {
        "hourly": (Unit.HOUR, 1),
        "daily": (Unit.DAY, 1),
        "nightly": (Unit.DAY, 1),
        "weekly": (Unit.WEEK, 1),
        "biweekly": (Unit.WEEK, 2),
        "fortnightly": (Unit.WEEK, 2),
        "monthly": (Unit.MONTH, 1),
        "bimonthly": (Unit.MONTH, 2),
        "quarterly": (Unit.MONTH, 3),
        "yearly": (Unit.YEAR, 1),
        "annually": (Unit.YEAR, 1),
    }
)
AFTER_NUMBER: Final = frozenset(
    {
        *SUFFIXES,
        *UNITS,
        *SHORT_UNITS,
        *WORKING,
        *MONTHS,
        *("fortnight", "fortnights", "quarter", "quarters", "times", "occurrences", "repetitions"),
        *("am", "pm", "a", "p", "h", "o'clock", "o’clock", "to", "past", "minutes", "of", ":", ".", "/", "-", "–"),
    }
)
AFTER_TIME: Final = frozenset(
    {
        *WEEKDAYS,
        *PARTS,
        *DAY_ENDS,
        *("today", "tomorrow", "tonight", "on", "at", "in", "this", "next", "every", "each", "daily", "for", "with"),
        *("and", "until", "till", "starting", "remind", "to"),
    }
)
# A number after these words is no time of day: "cut costs by 5".
CHANGES: Final = frozenset(
    {
        *("increase", "increases", "reduce", "reduces", "raise", "cut", "lower", "decrease", "grow", "shrink"),
        *("divide", "multiply", "extend", "shorten", "improve", "up", "down", "off"),
    }
)
OCCASIONS: Final = MappingProxyType(
    {
        **dict.fromkeys(("breakfast", "sunrise", "wake"), time(9)),
        **dict.fromkeys(("dinner", "supper", "drinks", "cinema", "theatre", "theater", "concert", "gig"), time(19)),
    }
)
THROUGH: Final = frozenset({"to", "through", "thru", "-", "–"})
AND: Final = frozenset({"and", "&", ",", "or"})
# After these a day is a name or lies behind: "the Friday report", "last Monday", "talk about Tuesday".
NO_DAY_AFTER: Final = frozenset(
    {
        *("the", "a", "an", "my", "our", "your", "his", "her", "its", "their", "this's", "one", "some", "any", "no"),
        *("about", "regarding", "re", "of", "since", "than", "last", "past", "previous", "per", "like", "between"),
        *("black", "good", "happy", "cyber", "ash", "palm", "easter", "super", "fat", "holy", "bloody"),
    }
)
ZONES: Final = MappingProxyType(
    {
        "utc": "UTC",
        "gmt": "UTC",
        "zulu": "UTC",
        "et": "America/New_York",
        "est": "America/New_York",
        "edt": "America/New_York",
        "ct": "America/Chicago",
        "cst": "America/Chicago",
        "cdt": "America/Chicago",
        "mt": "America/Denver",
        "mst": "America/Denver",
        "mdt": "America/Denver",
        "pt": "America/Los_Angeles",
        "pst": "America/Los_Angeles",
        "pdt": "America/Los_Angeles",
        "wet": "Europe/Lisbon",
        "cet": "Europe/Paris",
        "cest": "Europe/Paris",
        "eet": "Europe/Athens",
        "eest": "Europe/Athens",
        "bst": "Europe/London",
        "msk": "Europe/Moscow",
        "ist": "Asia/Kolkata",
        "jst": "Asia/Tokyo",
        "kst": "Asia/Seoul",
        "sgt": "Asia/Singapore",
        "hkt": "Asia/Hong_Kong",
        "aest": "Australia/Sydney",
        "aedt": "Australia/Sydney",
        "awst": "Australia/Perth",
        "nzst": "Pacific/Auckland",
        "nzdt": "Pacific/Auckland",
    }
)
