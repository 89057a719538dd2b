"""Finding reports: the list, its filters and its export."""
