"""What holds for every test."""

from hypothesis import settings

# How long one example takes says more about the machine than about the code; pytest's own time limit is kept.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
