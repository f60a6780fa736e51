from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification, Table

CALLS = [("stock:Stock.suppliers_of", [0]), ("stock:Stock.suppliers_of", [50]), ("stock:Stock.balance", []), ("stock:Stock.take", [3, 2]), ("stock:Stock.balance", [])]
CONSTRUCT = {"stock:Stock": []}
SPECIFICATION = AgentSpecification(policy=CodePolicy(imports=frozenset({"sqlite3"})), tables={
    "articles": Table({"sku": "integer", "name": "text", "supplier": "integer"}, "sku"),
    "suppliers": Table({"id": "integer", "name": "text", "days": "integer"}, "id"),
    "moves": Table({"id": "integer", "sku": "integer", "amount": "integer"}, "id"),
})
TESTS = '''
import stock
def test_suppliers():
    assert stock.Stock(2).suppliers_of(0) == [["article 0", "supplier 0", 0], ["article 1", "supplier 1", 1]]
def test_take():
    assert stock.Stock(2, 5).take(1, 1) == 6
'''
