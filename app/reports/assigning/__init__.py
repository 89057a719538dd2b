"""Who fills in a report, and until when."""
