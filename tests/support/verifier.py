"""The verifier as a module: it is a file of its own and no part of the application."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from app.config import ROOT

FILE = ROOT / "verifier" / "laudo_verify.py"


def _loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("laudo_verify", FILE)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


verifier = _loaded()
