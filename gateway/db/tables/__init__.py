"""Every table, in one MetaData."""
