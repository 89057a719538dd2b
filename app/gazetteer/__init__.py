"""The offline gazetteer: the named place nearest to a point, and its distance.

`file.py` defines the file format, `build.py` writes the file during set-up, `lookup.py` reads it.
It names places, not addresses. Nothing here depends on photos.
"""
