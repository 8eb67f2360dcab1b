"""What one can do with threads: one module per noun; each names its actions in `__all__`."""
