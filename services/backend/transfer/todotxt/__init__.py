r"""todo.txt (http://todotxt.org): one line a task, for people who keep their list in an editor.

Own code rather than a library: `pytodotxt`, the one that is kept up, splits a line into its marks, dates and words,
which is the lesser part; it knows none of the extensions below, no line numbers of what it refuses, and parses a line
anew for every word taken out of it.

- Priority: urgent, high, medium, low are `(A)` to `(D)`; read, all from D on are low. On a completed task: `pri:A`.
- Tags: `+project` is the tag `project`, `@context` the tag `@context`, with its sign, by which it is written back as a
  context. A tag with white space is written `tag:my%20house`. Words before and after the text are taken out of it; one
  in the middle of a sentence (`Call @mom today`) is a tag and stays.
- `due:2026-12-01`, with `at:09:00` where there is a time and `tz:Europe/Rome` where it has a zone; the time may also
  stand in `due:2026-12-01T09:00`. `t:`, a start, is the due of a task that recurs without one, and else left out.
- `rec:2w` repeats from the completion, `rec:+2w` from the due (d, w, m, y; `1b` is every working day). What that cannot
  say is written `rrule:FREQ=…`, with the same `+`.
- `id:` is a task's id and `uid:` its external id.
- A word of a title that would be read as one of these has a backslash before it (`\+1`).

Descriptions, reminders and series are not carried, and of creation and completion only the day. A task that a line
replaces keeps its description and its reminders.
"""

from services.backend.transfer.todotxt.read import read
from services.backend.transfer.todotxt.write import write

__all__ = ["read", "write"]
