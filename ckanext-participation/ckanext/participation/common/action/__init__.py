"""Actions that no single room owns: one module per noun."""
