"""The suite apart: one process for one task, told what it needs by its environment, as containers run it."""
