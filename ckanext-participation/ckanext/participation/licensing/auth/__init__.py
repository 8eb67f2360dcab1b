"""Who may do it: one module per noun, as in `action`."""
