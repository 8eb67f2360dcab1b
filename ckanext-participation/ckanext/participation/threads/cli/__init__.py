"""Commands of threads: one module per noun."""
