"""What the room enters for others: one module per noun, each with `register(registry)`."""
