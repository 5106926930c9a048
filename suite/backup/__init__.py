"""Backup and restore: everything an installation keeps, taken at one moment, and put back into an empty place."""
