"""Internet mail as values: octets in, values out; nothing here waits for the world."""
