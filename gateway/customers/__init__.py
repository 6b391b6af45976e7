"""Who buys from us, what they allowed us, what was said."""
