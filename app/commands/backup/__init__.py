"""`flask backup` and `flask restore`: the whole installation in a folder, with verification."""
