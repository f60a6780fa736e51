_L = [[f"s{i}", f"s{(i * 3 + 1) % 400}", i % 7 + 1] for i in range(400)]
CALLS = [("routes:RouteAgent.within", ["s1", [f"s{i * 7 % 450}" for i in range(450)]]), ("routes:RouteAgent.report", ["s3"]), ("routes:RouteAgent.minutes", ["s1", "s4"]), ("routes:RouteAgent.minutes", ["s1", "zz"]), ("routes:RouteAgent.within", ["zz", ["s1"]]), ("routes:RouteAgent.history", [])]
CONSTRUCT = {"routes:RouteAgent": [_L]}
TESTS = '''
import routes
def test_within():
    a = routes.RouteAgent([["x", "y", 3], ["y", "z", 4], ["p", "q", 1]])
    assert a.within("x", ["z", "q", "y"]) == ["y", "z"]
    assert a.minutes("x", "z") == 7
    assert a.history() == ["x-z"]
'''
