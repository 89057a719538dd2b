"""Reviews a report, submits it and freezes its snapshot."""
