"""The engine for the owner's YAML rules; generic, knows no shop."""
