"""The backend's HTTP surface: one module a family of calls, each a thin shell over the commands."""
