"""Composition root: one process tree with all three services, the command line and the invented authority."""
