from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification, Table

CALLS = [("library:Library.overdue", [10]), ("library:Library.overdue", [100]), ("library:Library.shelves", []), ("library:Library.fine", [30, 10]), ("library:Library.fine", [3, 10])]
CONSTRUCT = {"library:Library": []}
SPECIFICATION = AgentSpecification(policy=CodePolicy(imports=frozenset({"sqlite3"})), tables={
    "readers": Table({"id": "integer", "name": "text", "street": "text"}, "id"),
    "books": Table({"isbn": "integer", "title": "text", "shelf": "text"}, "isbn"),
    "loans": Table({"id": "integer", "reader": "integer", "isbn": "integer", "days": "integer"}, "id"),
})
TESTS = '''
import library
def test_shelves():
    assert library.Library().shelves() == {"A": 45, "C": 45, "B": 43, "?": 17} or sum(library.Library().shelves().values()) == 150
def test_fine():
    assert library.Library().fine(12, 10) == 40
'''
