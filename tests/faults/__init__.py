"""What the platform is held to while its parts are killed, paused and starved; at full length by `make faults`."""
