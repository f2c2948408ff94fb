"""The audit service: an append-only trail of every change, a hash chain per person."""
