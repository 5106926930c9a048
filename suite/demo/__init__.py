"""The invented authority that an empty home is filled with. Nobody in it exists."""
