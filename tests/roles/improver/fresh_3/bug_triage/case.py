_B = [{"id": i, "title": f"crash {i % 7} in part{i % 11}", "component": f"part{i % 23}"} for i in range(200)]
CALLS = [("triage:Triage.sort", [_B]), ("triage:Triage.sort", [[]]), ("triage:Triage.assign", [_B[3], ["ann", "bob"]]), ("triage:Triage.assign", [_B[3], []]), ("triage:Triage.assign", [{"id": 1}, ["x"]]), ("triage:Triage.grade", [{"crash": True, "users": 500}]), ("triage:Triage.grade", [{"crash": True, "users": 2}]), ("triage:Triage.grade", [{}])]
CONSTRUCT = {"triage:Triage": [["part1", "part2", "part3", "part4", "part5", "part6", "part7", "part8", "part9", "part10", "part11", "part12", "part13", "part14"]]}
TESTS = '''
import triage
def test_sort():
    assert triage.Triage(["p"]).sort([{"id": 1, "title": "a", "component": "q"}, {"id": 2, "title": "b", "component": "p"}]) == [[2, "b"], [1, "a"]]
def test_nobody():
    try:
        triage.Triage([]).assign({"component": "x"}, [])
    except Exception as error:
        assert str(error) == "nobody to assign to"
'''
