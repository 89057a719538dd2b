"""`flask demo`: the main job without a browser, through the same services and rules."""
