"""Who may do what with threads: modules named as the actions' are."""
