"""The audit chain: writing it, telling it, checking it; what lets others check our word.

Every feature writes the chain, so this package loads none: its blueprint stands in routes.py.
"""
