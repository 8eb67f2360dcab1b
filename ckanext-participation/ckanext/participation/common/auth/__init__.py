"""Who may call the actions of `common`: modules named as the actions' are."""
