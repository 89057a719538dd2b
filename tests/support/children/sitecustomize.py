"""Compiled templates for the processes that tests start: each would compile them again.

Python imports this file at start, because PYTHONPATH has its folder (tests/conftest.py). Nothing
else differs from a process in operation: what is loaded is what Jinja would compile.
"""

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

WATCHED = "jinja2.environment"


class Templates:
    """Finds Jinja when the process imports it, and not before: many processes never do."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        if name != WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec and spec.loader
        self._load = spec.loader.exec_module
        spec.loader.exec_module = self._share  # type: ignore[method-assign]
        return spec

    def _share(self, module: ModuleType) -> None:
        self._load(module)
        plain = module.Environment.__init__

        def with_cache(environment: Any, *given: Any, **options: Any) -> None:
            from jinja2 import FileSystemBytecodeCache

            options.setdefault("bytecode_cache", FileSystemBytecodeCache(self._folder))
            plain(environment, *given, **options)

        module.Environment.__init__ = with_cache


if folder := os.environ.get("LAUDO_TEST_TEMPLATES"):
    sys.meta_path.insert(0, Templates(folder))
