"""Starting a report."""
