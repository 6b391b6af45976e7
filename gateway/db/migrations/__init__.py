"""One file for each change of the tables, up and down, with its reason."""
