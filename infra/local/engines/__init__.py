"""The real engines on one machine: daprd and its scheduler, Kafka and PostgreSQL, as ordinary processes."""
