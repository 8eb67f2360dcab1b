"""Marks sentences for translation where no language is known yet. Pure."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802  gettext's own name, so that the sentences are collected for translation
    """Return the text as it is; whoever shows it translates it."""
    return message
