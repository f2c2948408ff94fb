"""One VTODO as its fields are asked for: a property that cannot be read is told once and counts as absent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from icalendar.parser import split_on_unescaped_comma

from services.backend.transfer.ics.lines import MAX_LINES, Component, Property, parse_line
from services.backend.transfer.ics.values import instant_of, moment_of, text_of
from services.backend.transfer.ics.zones import Zones
from services.backend.transfer.parsed import Spot
from services.kit.task import Due

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """A VTODO, the zones of its file, and where its problems are told."""

    component: Component
    zones: Zones
    spot: Spot

    @property
    def time_zone(self) -> str:
        """The zone of the person whose file it is."""
        return self.spot.reading.profile.time_zone

    def has(self, name: str) -> bool:
        """Whether there is a property of that name."""
        return name in self.component.lines

    def read(self, name: str, reader: Callable[[Property], T]) -> T | None:
        """Return what `reader` makes of the first property of that name, None when it is absent or refused."""
        try:
            found = self.component.first(name)
            return None if found is None else reader(found)
        except ValueError as refusal:
            self.spot.warn(name.lower(), str(refusal)[:200])
            return None

    def text(self, name: str) -> str:
        """Return a TEXT property without its escapes, empty when it is absent."""
        return self.read(name, text_of) or ""

    def word(self, name: str) -> str:
        """Return a property that is one word, in upper case."""
        return self.component.text(name).upper()

    def moment(self, name: str) -> Due | None:
        """Return a DATE or DATE-TIME property."""
        return self.read(name, lambda found: moment_of(found, self.zones, self.spot, name.lower()))

    def instant(self, *names: str) -> datetime | None:
        """Return the first of some date-time properties in UTC that is there."""
        for name in names:
            moment = self.moment(name)
            if moment is not None:
                return instant_of(moment, self.time_zone)
        return None

    def categories(self) -> Iterator[str]:
        """Yield the values of every CATEGORIES property."""
        for found in self._all("CATEGORIES"):
            yield from split_on_unescaped_comma(found.value)

    def moments(self, name: str) -> Iterator[Due]:
        """Yield the values of every property of that name that lists dates."""
        for found in self._all(name):
            for value in found.value.split(",")[:MAX_LINES]:
                try:
                    yield moment_of(Property(value, found.params), self.zones, self.spot, name.lower())
                except ValueError as refusal:
                    self.spot.warn(name.lower(), str(refusal))

    def _all(self, name: str) -> Iterator[Property]:
        for line in self.component.lines.get(name, []):
            try:
                yield parse_line(line)
            except ValueError as refusal:
                self.spot.warn(name.lower(), str(refusal)[:200])
