"""What is particular to the embedded runtime."""
