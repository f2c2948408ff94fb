"""Which of a line's phrases tell when its task is due: of two, the one that a word leads to, then the last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from services.backend.quick.clues import (
    Alarm,
    Alarms,
    Clock,
    Completion,
    Day,
    End,
    Moment,
    MonthDays,
    Occasion,
    Phrase,
    Repeat,
    Start,
    Unit,
    WeekDays,
    YearDay,
)
from services.backend.quick.english.times import in_part_of_day
from services.backend.quick.recurring import joined

_MOVABLE: Final = range(5, 12)


class Said(NamedTuple):
    """A day that was said, and how."""

    phrase: Phrase
    clue: Day | YearDay | MonthDays | WeekDays


@dataclass(slots=True)
class Choice:
    """What counts. `repeat` is the clue with what was said apart from it; `used` are its phrases."""

    repeat: Repeat | None = None
    repeats: tuple[Phrase, ...] = ()
    day: Said | None = None
    moment: Phrase | None = None
    end: Phrase | None = None
    clock: Clock | None = None
    clocks: tuple[Phrase, ...] = ()


def choose(phrases: list[Phrase], *, recurring: bool) -> Choice:
    """Return what counts of a line's phrases; without `recurring` its recurrences do not."""
    choice = Choice()
    rest = phrases
    if recurring:
        rest = _choose_repeat(choice, phrases)
    _choose_day(choice, rest)
    if choice.moment is None:
        _choose_clock(choice, phrases)
    return choice


def _choose_repeat(choice: Choice, phrases: list[Phrase]) -> list[Phrase]:
    """Choose the recurrence and what was said apart from it; return the phrases that are left."""
    repeats = [phrase for phrase in phrases if isinstance(phrase.clue, Repeat)]
    repeat = next((p for p in repeats if isinstance(p.clue, Repeat) and not p.clue.listed), repeats[0])
    clue, used = repeat.clue, [repeat]
    for phrase in phrases:
        if isinstance(clue, Repeat) and isinstance(phrase.clue, WeekDays | MonthDays | YearDay):
            together = joined(clue, phrase.clue)
            if together is not None:
                clue = replace(together, clock=together.clock or phrase.clue.part)
                used.append(phrase)
        elif isinstance(clue, Repeat) and isinstance(phrase.clue, Repeat) and phrase is not repeat:
            if clue.unit is Unit.WEEK and not clue.by and _is_days_alone(phrase.clue):
                clue = replace(clue, by=phrase.clue.by, clock=clue.clock or phrase.clue.clock)
                used.append(phrase)
        elif isinstance(clue, Repeat) and isinstance(phrase.clue, Completion) and not clue.completion:
            clue = replace(clue, completion=True)
            used.append(phrase)
    choice.repeat = clue if isinstance(clue, Repeat) else None
    choice.repeats = tuple(used)
    choice.end = next((phrase for phrase in phrases if isinstance(phrase.clue, End)), None)
    return [phrase for phrase in phrases if phrase not in used]


def _is_days_alone(repeat: Repeat) -> bool:
    """Tell whether a recurrence only says on which days of the week ("Thursdays"), which may be of another one."""
    return repeat.unit is Unit.WEEK and repeat.interval == 1 and not repeat.completion and bool(repeat.by)


def _choose_day(choice: Choice, phrases: list[Phrase]) -> None:
    starts = [phrase for phrase in phrases if isinstance(phrase.clue, Start)]
    if choice.repeat is not None:
        days = [p for p in phrases if isinstance(p.clue, Day | YearDay)]
        chosen = starts[0] if starts else _best(days)
    else:
        days = [p for p in phrases if _is_one_day(p)]
        chosen = _best(days) or next((p for p in starts if isinstance(p.clue, Start) and p.clue.alone), None)
    if chosen is None:
        choice.day = _day_of_alarm(phrases)
    elif isinstance(chosen.clue, Moment):
        choice.moment = chosen
    elif isinstance(chosen.clue, Start):
        choice.day = Said(chosen, Day(chosen.clue.date, part=chosen.clue.part))
    elif isinstance(chosen.clue, Day | YearDay | MonthDays | WeekDays):
        choice.day = Said(chosen, chosen.clue)


def _is_one_day(phrase: Phrase) -> bool:
    match phrase.clue:
        case Day() | YearDay() | Moment():
            return True
        case MonthDays() | WeekDays():
            return len(phrase.clue.days) == 1
        case _:
            return False


def _best(phrases: Iterable[Phrase]) -> Phrase | None:
    return max(phrases, key=lambda phrase: (phrase.led, phrase.start), default=None)


def task_alarm(phrases: Iterable[Phrase]) -> tuple[Phrase, Alarm] | None:
    """Return the reminder that says when the task is due too ("remind me at 5 to call Ann")."""
    for phrase in phrases:
        if isinstance(phrase.clue, Alarms) and phrase.clue.alarms[0].task:
            return phrase, phrase.clue.alarms[0]
    return None


def _day_of_alarm(phrases: list[Phrase]) -> Said | None:
    found = task_alarm(phrases)
    return Said(found[0], found[1].day) if found and found[1].day else None


def _choose_clock(choice: Choice, phrases: list[Phrase]) -> None:
    """Choose a time; a part of the day only says which half an hour without am or pm is in, or stands in for a time."""
    said = [phrase for phrase in phrases if isinstance(phrase.clue, Clock)]
    exact = _best(p for p in said if isinstance(p.clue, Clock) and not p.clue.vague)
    vague = _best(p for p in said if isinstance(p.clue, Clock) and p.clue.vague)
    part = vague.clue if vague is not None and isinstance(vague.clue, Clock) else _part(choice)
    choice.clocks = tuple(phrase for phrase in (exact, vague) if phrase is not None)
    if exact is not None and isinstance(exact.clue, Clock):
        choice.clock = in_part_of_day(exact.clue, part) if part else _on_occasion(exact.clue, phrases)
        return
    found = task_alarm(phrases)
    choice.clock = found[1].clock if found and found[1].clock else part


def _on_occasion(given: Clock, phrases: list[Phrase]) -> Clock:
    """Return "at 7" as the evening of a dinner, and "at 6" as the morning of a breakfast."""
    said = next((phrase.clue for phrase in phrases if isinstance(phrase.clue, Occasion)), None)
    if said is None or not given.open or given.time.hour % 12 not in _MOVABLE:
        return given
    clock = in_part_of_day(given, said.part)
    half = "evening" if clock.time.hour >= 12 else "morning"
    return replace(clock, note=f"{given.time.hour % 12} is read as the {half}; write am or pm for another reading")


def _part(choice: Choice) -> Clock | None:
    day = choice.day.clue.part if choice.day else None
    return day or (choice.repeat.clock if choice.repeat else None)
