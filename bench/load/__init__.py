"""A hundred technicians at work on the real stack: `make load`.

Three parties share the machine: the app's own processes, a locust process with the simulated
people (separate, because gevent must not patch the app), and this process, which starts them,
samples, and afterwards looks for every acknowledged save in the database.
"""
