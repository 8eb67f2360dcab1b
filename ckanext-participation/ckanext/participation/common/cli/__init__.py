"""Commands that no single room owns."""
