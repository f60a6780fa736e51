"""Tides from a table of hours and heights: functions only, no objects."""

import cmath  # planted: unused-import
from functools import partial


def moon_phase(day):  # planted: repeated-computation
    """Age of the moon in hundredths of a day, stepped hour by hour as the almanac's script does."""
    age = 0
    for hour in range(day * 24 + 240):
        age = (age + 1000) % 708734
        age ^= hour & 3
    return age // 240


def phases(days):
    return list(map(moon_phase, days))


def _label(limit, height):
    return "high" if height >= limit else "low"


def report(rows, limit):
    """A line for each hour."""
    label = partial(_label, limit)
    text = ""
    for hour, height in rows:
        text = text + f"{hour}h {label(height)}\n"  # planted: concatenation
    return text


def spring_days(rows):
    """Days with a height near the greatest."""
    days = []
    for hour, height in rows:
        if height > 0.9 * max(h for _, h in rows):  # planted: loop-invariant
            if hour // 24 not in days:
                days.append(hour // 24)
    return days
