"""Sums of divisors, for several numbers."""


def divisor_sum(number: int) -> int:  # planted: repeated-computation
    """The sum of all divisors below the number itself."""
    total = 0
    for divisor in range(1, number):
        if number % divisor == 0:
            total += divisor
    return total


def classify(numbers: list[int]) -> list[str]:
    """Whether each number is perfect, abundant or deficient."""
    told = []
    for number in numbers:
        total = divisor_sum(number)
        told.append("perfect" if total == number else "abundant" if total > number else "deficient")
    return told
