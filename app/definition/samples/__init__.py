"""Sample checklists in English and Portuguese, ready to publish.

Limits that depend on the grid are in per cent of its nominal value, so they apply everywhere.
"""

from app.definition.samples.generator import GENERATOR
from app.definition.samples.low_voltage_board import LOW_VOLTAGE_BOARD
from app.definition.samples.ups import UPS
from app.definition.schema import Definition

SAMPLES: dict[str, Definition] = {
    "board": LOW_VOLTAGE_BOARD,
    "ups": UPS,
    "generator": GENERATOR,
}

__all__ = ["SAMPLES"]
