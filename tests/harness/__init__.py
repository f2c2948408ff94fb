"""What tests that stand on the real thing share: the embedded runtime, services running behind it, and waiting."""
