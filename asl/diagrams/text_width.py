"""Text width: how much room a text takes at most, whatever font shows it.

In: a text of one line and the size of its letters. Out: pixels.
Never: asks for a font; a picture is the same on every computer.

For each character the wider one of Arial (and Helvetica, Liberation Sans) and DejaVu
Sans (as wide as Verdana), so that a text fits with either, and with most others.
"""

from functools import lru_cache
from unicodedata import category, east_asian_width

_PLAIN = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
    1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
    667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
    696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611,
    1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 556, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 556,
    500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)  # fmt: skip
"""Thousandths of the letters' size, from space to `~`."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How many pixels a text takes at most."""
    table = _BOLD if bold else _PLAIN
    total = 0
    for letter in text:
        place = ord(letter) - 32
        total += table[place] if 0 <= place < 95 else _width_of_other(letter, bold)
    return total * size / 1000


@lru_cache(maxsize=4096)
def _width_of_other(letter: str, bold: bool) -> int:
    """Characters beyond ASCII by their kind; rather too much than too little."""
    kind = category(letter)
    if kind in ("Mn", "Me", "Cf"):
        return 0
    if east_asian_width(letter) in "WF":
        # Emoji are wider than the letters of the same size.
        return 1350 if kind == "So" else 1050
    if kind[0] == "S" or kind in ("No", "Nl", "Po", "Pd", "Lo", "Mc", "Co", "Cn"):
        return 1000
    if kind == "Zs":
        return 400
    width = 860 if kind in ("Lu", "Lt") else 700
    return width + 110 if bold else width
