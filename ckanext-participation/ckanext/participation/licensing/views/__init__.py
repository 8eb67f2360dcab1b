"""The pages: one module per noun; each names its blueprints."""
