"""The pictures of the README, taken from today's pages: `make pictures`."""
