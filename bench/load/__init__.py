"""A hundred technicians at work on the real stack: `make load`.

Three parties share the machine and are kept apart: the app's own processes, the people in a
locust process of their own (gevent must not come near the app), and this one, which starts, samples
and afterwards asks the database what became of every acknowledged save.
"""
