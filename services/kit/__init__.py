"""The little that every service shares: vocabulary, Dapr access, identity, errors, logs and metrics."""
