"""Pages of threads: one module per sort of page; each names its blueprints."""
