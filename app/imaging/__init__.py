"""Pictures: what kind of file, what its EXIF says, and the derivatives made from it.

Pure code over bytes and paths: no Flask, no database, no storage. The web process may import
`sniff` only; the modules that decode pixels (`decode`, `derivatives`, `logo`) belong in the
worker or the CLI, behind `child.run_limited`. Nothing is imported here, so that
`import app.imaging` stays free of Pillow and libheif.
"""
