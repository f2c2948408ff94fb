"""The notification service: delivers reminders in the app, by e-mail and by webhook."""
