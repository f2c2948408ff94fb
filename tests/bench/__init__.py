"""Benchmarks: `make bench` measures the platform beside bare sidecar calls and beside the plain way, in one run."""
