"""Who waits for what to come back: the exemplar slice."""
