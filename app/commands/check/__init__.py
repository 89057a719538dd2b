"""`flask check`: tests what an installation needs, and says in one sentence what to do.

Checks never repair anything.
"""
