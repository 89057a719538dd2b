"""The installation of several machines, on one: `make scale`.

Two webs behind nginx, PgBouncer in transaction mode, three workers, two relays and an S3 server.
Technicians work while everything runs, while processes are killed, and during a release.
"""
