"""What we order from suppliers, and what they answer."""
