"""The operations of phones: one file a kind, and what holds for all of them."""
