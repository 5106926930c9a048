"""The three services; each owns its facts, its database, its pages and its API."""
