"""Whether the addresses of files still lead to something, asked so that nobody minds.

Each address is asked once a month, however many files have it; each server gets one request at a time and a pause after it, is told who
asks and where to write to, and is left alone for as long as it says. An address is dead only after several failures over several days.
Addresses of private datasets are never asked: they may be a secret themselves.
"""
