_R = [[f"dish{i}", ["nuts", "milk", "egg", "fish", "soy", "wheat"][i % 6:i % 6 + 2], 300 + i * 13 % 500] for i in range(150)]
CALLS = [("menu:Planner.week", [_R, [f"dish{i * 3}" for i in range(120)]]), ("menu:Planner.week", [[], []]), ("menu:Planner.light", [_R]), ("menu:Planner.tag", [{"kind": "soup", "hot": True}]), ("menu:Planner.tag", [{"kind": "cake"}]), ("menu:Planner.in_season", [5])]
CONSTRUCT = {"menu:Planner": ["house"]}
TESTS = '''
import menu
def test_week():
    assert menu.Planner().week([["a", [], 1], ["b", [], 2]], ["a"]) == ["b"]
def test_tag():
    assert menu.Planner().tag({"kind": "soup", "hot": True}) == "warm"
'''
