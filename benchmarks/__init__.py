"""What is timed, against what, in one run: ratios, not absolute figures."""
