"""The WSGI entry point: `gunicorn wsgi:app`."""

from app import create_app, logs
from app.config import Settings

settings = Settings()  # type: ignore[call-arg]
logs.configure(settings.log_format, settings.log_level)
app = create_app(settings)
