from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification, Table

CALLS = [("ledger:Ledger.statement", [0]), ("ledger:Ledger.statement", [900]), ("ledger:Ledger.overdrawn", []), ("ledger:Ledger.name_of", [3]), ("ledger:Ledger.name_of", [777])]
CONSTRUCT = {"ledger:Ledger": []}
SPECIFICATION = AgentSpecification(policy=CodePolicy(imports=frozenset({"sqlite3"})), tables={
    "accounts": Table({"number": "integer", "owner": "text", "lim": "integer"}, "number"),
    "bookings": Table({"id": "integer", "account": "integer", "cents": "integer"}, "id"),
})
TESTS = '''
import ledger
def test_statement():
    assert ledger.Ledger().statement(118) == ["118 owner 18 7", "119 owner 19 8"]
'''
