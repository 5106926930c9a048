"""Fixtures and checkers that the tests of every service share."""
