"""A report as plain data becomes a designed PDF. Knows nothing of models, tenants or requests.

`context` says what goes in, `engine.render_pdf` makes the file, `proof` reads it back and says
whether every photo is in it. Database work and storage belong to the documents feature.
"""
