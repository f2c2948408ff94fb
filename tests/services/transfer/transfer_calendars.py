"""Short ways to write the calendar files of the tests."""

from transfer_cases import read

from services.backend.transfer.parsed import Parsed


def todo(*lines: str, uid: str | None = "u", title: str = "Pay rent") -> str:
    head = ["BEGIN:VTODO", *([f"UID:{uid}"] if uid else []), f"SUMMARY:{title}"]
    return "\r\n".join([*head, *lines, "END:VTODO"])


def calendar(*components: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *components, "END:VCALENDAR", ""])


def one(*lines: str) -> Parsed:
    return read("ics", calendar(todo(*lines)))


def alarm(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VALARM", "ACTION:DISPLAY", *lines, "END:VALARM"])


def messages(parsed: Parsed) -> list[str]:
    return [problem.message for problem in parsed.problems]
