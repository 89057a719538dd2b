"""The WSGI entry point: `gunicorn wsgi:app`."""

import gc
import os
import tempfile

# Nothing that is imported is ever garbage: collecting meanwhile makes the start a fifth longer.
# It is enabled again below.
gc.disable()

from app import create_app, logs  # noqa: E402
from app.config import Settings  # noqa: E402

# Python chooses the folder at its first temporary file, and passes over one that is full at that
# moment: uploads would go to a disk that nobody watches.
tempfile.tempdir = os.environ.get("TMPDIR") or tempfile.gettempdir()

settings = Settings()  # type: ignore[call-arg]
logs.configure(settings.log_format, settings.log_level)
app = create_app(settings)
gc.enable()
