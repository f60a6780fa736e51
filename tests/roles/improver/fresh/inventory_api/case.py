from roles.improver.agent import AgentSpecification, InputRule

_S = {f"a{i}": i * 7 % 50 for i in range(200)}
CALLS = [("inventory:Inventory.available", [[f"a{i * 3 % 260}" for i in range(300)]]), ("inventory:Inventory.low", [0.5]), ("inventory:Inventory.fulfil", [{"lines": [{"article": "a3", "amount": "2"}, {"article": "zz", "amount": 1}]}]), ("inventory:Inventory.fulfil", [{}]), ("inventory:Inventory.add", ["a1", 3]), ("inventory:Inventory.restockable", ["a1", ["a2"]]), ("inventory:Inventory.restockable", ["a2", ["a2"]])]
CONSTRUCT = {"inventory:Inventory": [_S, [f"a{i}" for i in range(0, 260, 2)]]}
SPECIFICATION = AgentSpecification(inputs={"inventory:Inventory.add": {"article": InputRule("string"), "amount": InputRule("integer", minimum=1)}})
TESTS = '''
import inventory
def test_available():
    assert inventory.Inventory({"a": 1, "b": 2, "c": 0}, ["b"]).available(["a", "b", "c"]) == ["a"]
def test_add():
    assert inventory.Inventory({}).add("x", 3) == 3
'''
