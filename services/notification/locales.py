"""The words and the forms of dates that messages are written in, by language; English where a language is not here."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language; `pattern` puts weekday, day, month and year in their order."""

    reminder: str
    due: str
    late: str
    test: str
    months: str
    weekdays: str
    pattern: str = "{weekday} {day} {month} {year}"

    def day(self, value: date) -> str:
        """Return a date in words: no order of numbers to guess."""
        return self.pattern.format(
            weekday=self.weekdays.split()[value.weekday()],
            day=value.day,
            month=self.months.split()[value.month - 1],
            year=value.year,
        )


ENGLISH: Final = Language(
    reminder="Reminder",
    due="Due",
    late="This reminder is late: it should have come on {moment}.",
    test="This is a test notification.",
    months="January February March April May June July August September October November December",
    weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
)

_AMERICAN: Final = Language(
    reminder=ENGLISH.reminder,
    due=ENGLISH.due,
    late=ENGLISH.late,
    test=ENGLISH.test,
    months=ENGLISH.months,
    weekdays=ENGLISH.weekdays,
    pattern="{weekday}, {month} {day}, {year}",
)

_LANGUAGES: Final = {
    "en": ENGLISH,
    "de": Language(
        reminder="Erinnerung",
        due="Fällig",
        late="Diese Erinnerung kommt verspätet: Vorgesehen war sie für {moment}.",
        test="Dies ist eine Testbenachrichtigung.",
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        weekdays="Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        pattern="{weekday}, {day}. {month} {year}",
    ),
    "es": Language(
        reminder="Recordatorio",
        due="Vence",
        late="Este recordatorio llega tarde: estaba previsto para el {moment}.",
        test="Esta es una notificación de prueba.",
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        weekdays="lunes martes miércoles jueves viernes sábado domingo",
        pattern="{weekday}, {day} de {month} de {year}",
    ),
    "fr": Language(
        reminder="Rappel",
        due="Échéance",
        late="Ce rappel est en retard : il était prévu pour le {moment}.",
        test="Ceci est une notification d'essai.",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    ),
    "it": Language(
        reminder="Promemoria",
        due="Scadenza",
        late="Questo promemoria è in ritardo: era previsto per {moment}.",
        test="Questa è una notifica di prova.",
        months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
    ),
}
_TWELVE_HOURS: Final = frozenset({"en", "en-us", "en-ca", "en-au", "en-nz", "en-in"})


def language(locale: str) -> Language:
    """Return the language of a BCP 47 locale."""
    tag = _tag(locale)
    if tag == "en-us":
        return _AMERICAN
    return _LANGUAGES.get(tag.partition("-")[0], ENGLISH)


def clock(value: datetime, locale: str) -> str:
    """Return the time of day as the locale writes it: `9:00 AM`, elsewhere `09:00`."""
    if _tag(locale) not in _TWELVE_HOURS:
        return f"{value:%H:%M}"
    return f"{value.hour % 12 or 12}:{value:%M} {'AM' if value.hour < 12 else 'PM'}"


def _tag(locale: str) -> str:
    return locale.replace("_", "-").lower()
