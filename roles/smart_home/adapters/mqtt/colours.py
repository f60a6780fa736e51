"""The colours that people name, as devices take and report them."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence

__all__ = [
    "WHITES",
    "Rgb",
    "hs_of",
    "mireds_of",
    "name_of_mireds",
    "name_of_rgb",
    "rgb_of",
    "rgb_of_hs",
    "rgb_of_xy",
    "xy_of",
]

Rgb = tuple[int, int, int]

WHITES = ("warm white", "white", "cool white")
"""What a lamp of tunable white can be given."""
_RGB: Mapping[str, Rgb] = {
    "white": (255, 255, 255),
    "warm white": (255, 190, 120),
    "cool white": (210, 225, 255),
    "red": (255, 0, 0),
    "orange": (255, 127, 0),
    "yellow": (255, 255, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "purple": (128, 0, 255),
    "pink": (255, 80, 170),
}
_MIREDS = {"warm white": 370, "white": 250, "cool white": 165}


def rgb_of(name: str) -> Rgb:
    """Red, green and blue, 0 to 255, at full brightness."""
    return _RGB[name]


def mireds_of(name: str) -> int:
    """The colour temperature of a white."""
    return _MIREDS[name]


def name_of_mireds(mireds: float) -> str:
    """The white that is nearest."""
    return min(_MIREDS, key=lambda name: abs(_MIREDS[name] - mireds))


def name_of_rgb(rgb: Sequence[float]) -> str:
    """The named colour that is nearest, however bright."""
    top = max(*rgb, 1.0)
    full = [255 * part / top for part in rgb]
    return min(_RGB, key=lambda name: sum((a - b) ** 2 for a, b in zip(_RGB[name], full, strict=True)))


def hs_of(rgb: Rgb) -> tuple[float, float]:
    """Hue in degrees and saturation in percent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in rgb))
    return round(hue * 360, 1), round(saturation * 100, 1)


def rgb_of_hs(hue: float, saturation: float) -> tuple[float, float, float]:
    """The inverse of `hs_of`, at full brightness."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, max(0.0, min(1.0, saturation / 100)), 1.0)
    return red * 255, green * 255, blue * 255


def xy_of(rgb: Rgb) -> tuple[float, float]:
    """The CIE 1931 chromaticity of an sRGB colour (D65)."""
    red, green, blue = (_linear(part / 255) for part in rgb)
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    return round(x / (x + y + z), 4), round(y / (x + y + z), 4)


def rgb_of_xy(x: float, y: float) -> tuple[float, float, float]:
    """The inverse of `xy_of`, at full brightness."""
    y = max(y, 0.0001)
    big_x, big_z = x / y, (1 - x - y) / y
    parts = (
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        0.0557 * big_x - 0.2040 + 1.0570 * big_z,
    )
    top = max(*parts, 0.0001)
    red, green, blue = (255 * _gamma(max(0.0, part / top)) for part in parts)
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
