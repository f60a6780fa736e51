_L = [f"{i * 5} car{i % 3} floor {i * 7 % 12} {'door' if i % 4 else 'alarm'}" for i in range(200)]
CALLS = [("elevator:LogAgent.floors", [_L]), ("elevator:LogAgent.alarms", [_L, ["car0", "car2"]]), ("elevator:LogAgent.floors", [["bad line"]]), ("elevator:LogAgent.advice", [{"car": "car1", "stops": 40}]), ("elevator:LogAgent.advice", [{}]), ("elevator:LogAgent.busiest", [_L])]
CONSTRUCT = {"elevator:LogAgent": []}
TESTS = '''
import elevator
def test_floors():
    assert elevator.LogAgent().floors(["1 c floor 3 door", "2 c floor 3 door", "x"]) == [3]
'''
