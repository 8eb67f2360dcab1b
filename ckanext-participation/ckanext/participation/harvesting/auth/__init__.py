"""Who may do what: one module per noun."""
