"""Page layout, form bridge and vendored assets."""
