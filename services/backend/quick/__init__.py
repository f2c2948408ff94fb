"""The quick line: one line of natural language read as a task.

`read` is pure and total: any text gives a task, and what was not understood stays in its title. A line is cut into
tokens; at each one the phrases of the language that begin with its word are tried, each of which looks at a bounded
number of tokens; the clues found are put together. English is the first language; another is a module with `phrase`.
"""

from services.backend.quick.reading import QuickTask, Span, read

__all__ = ["QuickTask", "Span", "read"]
