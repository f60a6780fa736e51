_E = [" ".join(f"word{(i * 7 + j * 3 + (j // 20) * i) % 97}" for j in range(120)) + "." for i in range(6)]
CALLS = [("plagiarism:Checker.suspicious", [_E]), ("plagiarism:Checker.overlap", [_E[0], _E[0]]), ("plagiarism:Checker.overlap", ["a", "b"]), ("plagiarism:Checker.suspicious", [[]])]
CONSTRUCT = {"plagiarism:Checker": [3]}
TESTS = '''
import plagiarism
def test_overlap():
    c = plagiarism.Checker(2)
    assert c.overlap("a b c.", "x a b y") == 0.5
'''
