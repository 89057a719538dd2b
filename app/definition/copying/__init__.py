"""Filled copies of client workbooks: the parts of the file are patched, never written anew."""

from app.definition.copying.sandbox import CopyRefused, copy_in_sandbox
from app.definition.copying.wanted import CellValue, Drawn, Wanted

__all__ = ["CellValue", "CopyRefused", "Drawn", "Wanted", "copy_in_sandbox"]
