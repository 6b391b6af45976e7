"""The owner's words become effects of any slice; empty until commands by mail are understood."""
