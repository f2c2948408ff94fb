"""The real engines: how they are built, and the platform on them."""
