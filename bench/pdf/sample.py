"""One sample in its own process: `python -m bench.pdf.sample NAME MATERIAL OUTPUT`.

Prints JSON. The clock starts after import and warm-up.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from bench.pdf.clock import timed


def run(name: str, material: Path, output: Path) -> dict[str, float]:
    """Times and memory of one contender, as `clock.timed` gives them."""
    from bench.pdf.contenders import CONTENDERS

    contender = CONTENDERS[name]
    with material.open("rb") as file:
        given = pickle.load(file)
    contender.warm()
    return timed(lambda: contender.render(given, output))


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
