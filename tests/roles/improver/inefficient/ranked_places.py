"""Tells the rank of each runner."""


def ranks(times: list[int]) -> dict[str, int]:
    """The place of each runner by number."""
    told: dict[str, int] = {}
    number = 0
    while number < len(times):
        told["runner " + str(number)] = sorted(times).index(times[number]) + 1  # planted: loop-invariant
        number += 1
    return told
