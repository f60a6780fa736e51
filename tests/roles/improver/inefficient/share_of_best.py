"""Relates scores to the best one."""


def shares(scores: list[float]) -> list[float]:
    """Each score as a share of the highest."""
    result = []
    for score in scores:
        result.append(score / max(scores))  # planted: loop-invariant
    return result
