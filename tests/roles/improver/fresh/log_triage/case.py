_L = [
    f"2026-01-{d:02} 10:22:0{d % 10},120 [worker-{d * 7 % 23}] {lv}  {src}: {what} {d * 31} at 0x{d * 997:x}"
    for d in range(1, 29)
    for lv, src, what in [("WARN", "queue", "backlog is"), ("ERROR", "db", "timeout after"), ("INFO", "web", "served"), ("ERROR", "audit", "x")]
] + ["garbage", ""]
CALLS = [("triage:Triage.problems", [_L]), ("triage:Triage.problems", [_L[:9], 2]), ("triage:Triage.summary", [_L]), ("triage:Triage.problems", [[]]), ("triage:Triage.summary", [["?"]])]
CONSTRUCT = {"triage:Triage": []}
TESTS = '''
from parsing import mask, parse
from triage import Triage

def test_mask():
    assert mask("took 12 ms at 0xff") == "took <n> ms at <addr>"

def test_no_line():
    assert parse("x") is None

def test_problem():
    line = "2026-01-03 10:22:01,120 [w-3] WARN  queue: backlog is 17"
    assert Triage().problems([line, line]) == [["queue: backlog is <n>", 2, "2026-01-03 10:22:01", ["w-3"]]]
'''
