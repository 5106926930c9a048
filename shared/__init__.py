"""Plumbing and vocabulary of the three services; knows no service and no PEP rule."""
