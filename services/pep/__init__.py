"""The child, the team around the child, the plans, and the care plan's education part."""
