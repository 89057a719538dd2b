"""Sample checklists in English and Portuguese, ready to publish.

Limits that depend on the grid are in per cent of its nominal value, so they apply everywhere. The
hint of each limit names its source.
"""

from app.definition.samples.cables import CABLES
from app.definition.samples.earthing import EARTHING
from app.definition.samples.energizing import ENERGIZING
from app.definition.samples.fire_alarm import FIRE_ALARM
from app.definition.samples.generator import GENERATOR
from app.definition.samples.low_voltage_board import LOW_VOLTAGE_BOARD
from app.definition.samples.nr10 import NR10
from app.definition.samples.safety_walk import SAFETY_WALK
from app.definition.samples.transformer import TRANSFORMER
from app.definition.samples.ups import UPS
from app.definition.schema import Definition

SAMPLES: dict[str, Definition] = {
    "energizing": ENERGIZING,
    "board": LOW_VOLTAGE_BOARD,
    "ups": UPS,
    "generator": GENERATOR,
    "transformer": TRANSFORMER,
    "cables": CABLES,
    "earthing": EARTHING,
    "fire": FIRE_ALARM,
    "nr10": NR10,
    "safety": SAFETY_WALK,
}

__all__ = ["SAMPLES"]
