"""The chat: conversations in the state store, and providers that turn a message into answers and changes of tasks."""
