"""What one can do about licences of datasets: one module per noun; each names its actions in `__all__`."""
