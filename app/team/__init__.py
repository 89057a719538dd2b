"""The people of one tenant."""
