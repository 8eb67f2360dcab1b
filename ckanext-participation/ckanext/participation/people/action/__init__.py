"""Actions of the people room, one module per part of an account's life."""
