_S = [{"name": f"s{i}", "x": i * 7 % 31 + 0.5, "y": i * 11 % 29 + 0.25, "bikes": i % 3, "docks": 5} for i in range(40)]
CALLS = [("bikes:BikeAgent.rank", [[[i * 3 % 20 + 0.5, i * 5 % 17 + 0.1] for i in range(30)]]), ("bikes:BikeAgent.take", [3.0, 4.0]), ("bikes:BikeAgent.trip", [[1.0, 1.0], [20.0, 3.0]]), ("bikes:BikeAgent.dump", []), ("bikes:BikeAgent.rank", [[]])]
CONSTRUCT = {"bikes:BikeAgent": [_S, ["s4", "s5"]]}
TESTS = '''
import bikes
def test_take():
    a = bikes.BikeAgent([{"name": "a", "x": 0, "y": 0, "bikes": 0, "docks": 2}, {"name": "b", "x": 5, "y": 0, "bikes": 1, "docks": 1}])
    assert a.take(0, 0) == "b" and a.trip([0, 0], [9, 0]) == {"from": "b", "to": "a"}
'''
