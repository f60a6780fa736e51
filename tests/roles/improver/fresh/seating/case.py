_G = [{"name": f"g{i}", "party": f"p{i * 13 % 301}"} for i in range(600)]
_P = [["g1", "g5"], ["g7", "g2"], ["g3", "g9"]]
CALLS = [("seating:parties", [_G]), ("seating:parties", [_G[:40]]), ("seating:Planner.plan", [_G[:20], _P]), ("seating:Planner.check", [_G[:3]]), ("seating:Planner.check", [[]]), ("seating:Planner.plan", [_G[:40], _P]), ("seating:acquaintances", ["g1", ["g5", "g7"], _P])]
CONSTRUCT = {"seating:Planner": [[8, 10, 6]]}
TESTS = '''
import seating

def test_parties_by_size():
    assert seating.parties([{"name": "a", "party": "x"}, {"name": "b", "party": "y"}, {"name": "c", "party": "y"}]) == [("y", ["b", "c"]), ("x", ["a"])]

def test_too_small():
    try:
        seating.Planner([1]).plan([{"name": "a", "party": "x"}, {"name": "b", "party": "x"}], [])
    except seating.SeatingError as e:
        assert str(e) == "no table for x"
    else:
        raise AssertionError
'''
