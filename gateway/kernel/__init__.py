"""Tools that know neither mail nor shops; the standard library only."""
