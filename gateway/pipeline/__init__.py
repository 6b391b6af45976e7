"""One stimulus in, one transaction out."""
