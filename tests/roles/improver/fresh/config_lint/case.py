_T = {f"part{i}": {"name": f"n{i}", "password": "x" if i % 3 else "", "pool": [1, 2, None]} for i in range(150)}
CALLS = [("lint:Linter.paths", [[_T, _T]]), ("lint:Linter.report", [_T]), ("lint:Linter.report", [{"log": {"level": 3}, "a": None}, 1]), ("lint:Linter.report", [{}]), ("lint:Linter.paths", [[]])]
CONSTRUCT = {"lint:Linter": [True]}
TESTS = '''
import lint
def test_report():
    assert lint.Linter().report({"db": {"pool": 3, "password": "x"}}) == "db.password: holds a password\\ndb.pool: is deprecated\\n"
def test_paths():
    assert lint.Linter().paths([{"a": [1, 2]}, {"a": [3]}]) == ["a[0]", "a[1]"]
'''
