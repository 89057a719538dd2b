"""`flask backup` and `flask restore`: the whole installation in a folder, and back, proven."""
