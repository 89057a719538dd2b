"""How many random examples a test takes: few in `make test`, as many as asked in `make fuzz`."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    return int(os.environ.get("FUZZ_EXAMPLES", usual))
