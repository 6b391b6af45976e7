"""The composition root: config, wiring, service."""
