from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification

CALLS = [("hotels:HotelAgent.cheapest", ["Graz", 2]), ("hotels:HotelAgent.cheapest", ["Rom", 5]), ("hotels:HotelAgent.cheapest", ["Rom", 0]), ("hotels:HotelAgent.compare", [["Graz", "Wien"], 3]), ("hotels:HotelAgent.book_both", ["Linz", 1])]
CONSTRUCT = {"hotels:HotelAgent": [0.1]}
SPECIFICATION = AgentSpecification(policy=CodePolicy(network=True), transient=frozenset({"site_a", "site_b", "site_c"}))
TESTS = '''
import hotels
async def test_cheapest():
    assert await hotels.HotelAgent().cheapest("Graz", 2) == {"site": "a", "price": 184}
async def test_order():
    assert (await hotels.HotelAgent().book_both("Graz", 1))[2] == ["a", "b"]
'''
