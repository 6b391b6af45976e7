"""What we sell, and how much of it we have."""
