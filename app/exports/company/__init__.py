"""All data of a company as one archive."""
