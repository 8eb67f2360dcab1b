"""Pages that no single room owns."""
