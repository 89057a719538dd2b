"""Everything with which finished reports can be checked without a server, as one archive."""
