"""Tasks: REST, the task log, its relay, reminders and undo; the only writer of tasks."""
