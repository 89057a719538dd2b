"""The seal of finished PDFs: keys, the process that holds them, and the signature in the file.

Only the sealer process (server.py, `flask sealer`) and the operator's commands read private keys.
Workers send it the digest of a file and get the signature; web processes use none of this. What is
attached and when a PDF is sealed is in app/documents.
"""
