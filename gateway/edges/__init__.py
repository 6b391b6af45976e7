"""The world: SMTP in and out, files."""
