"""The WSGI entry point: `gunicorn wsgi:app`."""

import os
import tempfile

from app import create_app, logs
from app.config import Settings

# Python chooses the folder at its first temporary file, and passes over one that is full at that
# moment: uploads would go to a disk that nobody watches.
tempfile.tempdir = os.environ.get("TMPDIR") or tempfile.gettempdir()

settings = Settings()  # type: ignore[call-arg]
logs.configure(settings.log_format, settings.log_level)
app = create_app(settings)
