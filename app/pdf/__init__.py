"""Turns a report, given as plain data, into a PDF. Knows nothing of models, tenants or requests.

`context` defines the data, `engine.render_pdf` makes the file, `proof` reads it back and checks
that it contains every photo. Database work and storage belong to the documents feature.
"""
