"""Dates, ids, errors and the clock: standard library only, pure but for the clock."""
