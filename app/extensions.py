"""The Flask extensions as bare objects; create_app binds them. Nothing connects at import."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from babel import Locale
from babel.support import NullTranslations
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

from app.amounts import written


class Base(DeclarativeBase):
    """Declarative base; the naming convention lets migrations address every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# After the class: Flask-SQLAlchemy copies the base's body and refuses a second map in it.
Base.registry.update_type_annotation_map({dict[str, Any]: JSONB, list[Any]: JSONB})


class KeptDomain(Domain):  # type: ignore[misc]
    """Finds a catalogue by the locale itself; spelling its name out costs more than the look-up.
    Amounts in a sentence are written as its language writes them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Locale | None, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        if locale not in self._kept:
            self._kept[locale] = super().get_translations()
        return self._kept[locale]

    def gettext(self, string: str, /, **variables: Any) -> str:
        return str(super().gettext(string, **written(variables, get_locale())))

    def ngettext(self, singular: str, plural: str, num: int, /, **variables: Any) -> str:
        text = self.get_translations().ungettext(singular, plural, num)
        return str(text % written({"num": num, **variables}, get_locale()))


class KeptBabel(Babel):  # type: ignore[misc]
    """Keeps each catalogue for the process; Flask-Babel reads it anew for every request."""

    @cached_property
    def domain_instance(self) -> Domain:
        return KeptDomain()


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
babel = KeptBabel()
compress = Compress()
htmx = Htmx()
