"""The offline gazetteer: which named place lies nearest to a point, and how far away.

`file.py` is the small file that the set-up makes, `build.py` makes it, `lookup.py` reads it. It
names a place, never an address, and nothing here knows of photos.
"""
