_S = [{"train": f"R{t}", "station": f"S{s}", "minute": 300 + t * 7 + s * 11} for t in range(12) for s in range(10)]
_V = [{"train": s["train"], "station": s["station"], "at": f"{(s['minute'] + i % 13) // 60}:{(s['minute'] + i % 13) % 60:02}"} for i, s in enumerate(_S)]
CALLS = [("delays:DelayAgent.worse_than_usual", [_V]), ("delays:DelayAgent.spread", [_V]), ("delays:DelayAgent.punctuality", [_V]), ("delays:DelayAgent.spread", [[]]), ("delays:DelayAgent.punctuality", [[{"train": "R1", "station": "S1", "at": "late"}]]), ("delays:DelayAgent.spread", [[{"train": "R0", "station": "S0", "at": "5:00"}]])]
CONSTRUCT = {"delays:DelayAgent": [_S, 4]}
TESTS = '''
import delays
def test_minutes():
    assert delays.minutes(" 7:05") == 425
def test_share():
    a = delays.DelayAgent([{"train": "A", "station": "x", "minute": 60}])
    assert a.punctuality([{"train": "A", "station": "x", "at": "1:02"}, {"train": "A", "station": "x", "at": "1:20"}]) == {"A": 0.5}
'''
