"""What grows with the number of reports: `make growth`.

Fills two databases with companies of the same size, one with many more of them, and compares pages,
saves and searches; then sizes, the check of the audit chains and a backup of the larger one.
"""
