"""The audit chain and, later, sealing and verification: what lets others check our word."""
