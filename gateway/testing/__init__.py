"""Fakes with behaviour, shipped with the product: a clock to turn, a sink that can refuse."""
