"""What customers say about what they bought."""
