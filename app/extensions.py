"""The Flask extensions as bare objects; create_app binds them. Nothing connects at import."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask import g
from flask_babel import Babel, Domain, get_locale
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from app.amounts import with_amounts


class Base(DeclarativeBase):
    """Declarative base; the naming convention lets migrations refer to every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Set after the class: Flask-SQLAlchemy copies the base's body and refuses a second map in it.
Base.registry.update_type_annotation_map({dict[str, Any]: JSONB, list[Any]: JSONB})


# Where Flask-Babel keeps the language of a request in `g`.
BABEL_CONTEXT = "_flask_babel"


class CachedDomain(Domain):  # type: ignore[misc]
    """Binds the catalogue to the request: a long page asks for a word a thousand times.
    Also formats amounts in messages for the locale."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Locale | None, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        # Flask-Babel itself empties this attribute when the language changes within a request.
        bound = g.get(BABEL_CONTEXT)
        found: NullTranslations | None = getattr(bound, "babel_translations", None)
        if found is None:
            found = self._find(get_locale())
            if bound := g.get(BABEL_CONTEXT):
                bound.babel_translations = found
        return found

    def _find(self, locale: Locale | None) -> NullTranslations:
        """By locale object: building the locale's name costs more than the look-up."""
        if locale not in self._kept:
            self._kept[locale] = super().get_translations()
        return self._kept[locale]

    def gettext(self, string: str, /, **variables: Any) -> str:
        text = self.get_translations().ugettext(string)
        return str(text % with_amounts(variables, get_locale()) if variables else text)

    def ngettext(self, singular: str, plural: str, num: int, /, **variables: Any) -> str:
        text = self.get_translations().ungettext(singular, plural, num)
        return str(text % with_amounts({"num": num, **variables}, get_locale()))


class CachedBabel(Babel):  # type: ignore[misc]
    """Caches catalogues per process; Flask-Babel would read them again for every request."""

    @cached_property
    def domain_instance(self) -> Domain:
        return CachedDomain()


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
babel = CachedBabel()
compress = Compress()
htmx = Htmx()
