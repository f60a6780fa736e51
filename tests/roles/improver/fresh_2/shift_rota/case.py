_P = [{"name": f"n{i}", "hours": 40, "nights": i % 3 != 0} for i in range(9)]
_H = [{"name": "early", "hours": 8}, {"name": "late", "hours": 8}, {"name": "night", "hours": 10}]
CALLS = [("rota:Rota.plan", [_H]), ("rota:Rota.plan", [[{"name": "night", "hours": 50}]]), ("rota:Rota.cost", [{"Mon early": "n1"}, {"n1": 12.5}]), ("rota:Rota.cost", [{"a": "x"}, {}]), ("rota:Rota.plan", [[]])]
CONSTRUCT = {"rota:Rota": [_P]}
TESTS = '''
import rota
def test_plan():
    plan = rota.Rota([{"name": "a", "hours": 100}]).plan([{"name": "early", "hours": 8}])
    assert plan["Mon early"] == "a" and len(plan) == 7
def test_nobody():
    try:
        rota.Rota([]).plan([{"name": "early", "hours": 8}])
    except Exception as e:
        assert str(e) == "nobody for Mon early"
    else:
        raise AssertionError
'''
