"""Everything that is to be sent."""
