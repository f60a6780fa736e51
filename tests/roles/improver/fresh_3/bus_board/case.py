from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification

CALLS = [("board:Board.departures", ["Markt"]), ("board:Board.departures", ["Nowhere"]), ("board:Board.both_ways", ["Markt", "Dom"]), ("board:Board.late", [[3, 9, 1, 30]]), ("board:Board.poster", ["Markt"])]
CONSTRUCT = {"board:Board": [2]}
SPECIFICATION = AgentSpecification(policy=CodePolicy(network=True), transient=frozenset({"timetable", "live"}))
TESTS = '''
import board
async def test_departures():
    assert await board.Board(1).departures("Markt") == [["7", 4]]
'''
