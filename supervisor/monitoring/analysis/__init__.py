"""Analysis of measured series and traces: pure functions and small streaming estimators without IO or clock.

`anomalies`, `leaks`, `trends`, `changes`, `forecasts`, `bottlenecks`, `capacity`. Times are seconds since 1970; what
is not finite is refused with ValidationFailed; results are frozen, read as a sentence and have `to_json()`.
"""
