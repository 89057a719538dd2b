"""Images: file types, EXIF metadata, and the derivatives made from a photo.

Pure code over bytes and paths: no Flask, no database, no storage. The web process may import
`sniff` only; the modules that decode pixels (`decode`, `derivatives`, `logo`) belong in the
worker or the CLI, behind `child.run_limited`. Nothing is imported here, so that
`import app.imaging` does not load Pillow and libheif.
"""
