"""`flask check`: what an installation needs, tried for real, with a sentence that says what to do.

Checks read and try; none of them mends anything.
"""
