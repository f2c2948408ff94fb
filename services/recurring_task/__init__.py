"""The recurring-task service: when a recurring task is completed, it asks the backend for the next occurrence."""
