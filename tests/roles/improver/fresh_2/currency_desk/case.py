from roles.improver.agent import AgentSpecification

CALLS = [("desk:Desk.buy", [c, 10.0 + i]) for i, c in enumerate(["USD", "GBP", "CHF", "XXX"] * 3)] + [("desk:Desk.sell", ["USD", 5.0 + i]) for i in range(8)] + [("desk:Desk.watch", ["USD"]), ("desk:Desk.sell", ["YY", 1.0])]
CONSTRUCT = {"desk:Desk": []}
SPECIFICATION = AgentSpecification(transient=frozenset({"fetch"}))
TESTS = '''
import desk
def test_sell():
    assert desk.Desk().sell("GBP", 86.0) == 9900
def test_refused():
    try:
        desk.Desk().buy("ZZZ", 1.0)
    except Exception as e:
        assert str(e) == "we don't deal in ZZZ"
    else:
        raise AssertionError
'''
