"""Faults on purpose: real servers and real processes are killed, cut, filled up and misled, and then counted."""
