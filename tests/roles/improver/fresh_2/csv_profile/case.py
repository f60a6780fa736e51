_C = "id,name,joined,score\n" + "\n".join(f"{i},n{i * 7 % 331},2026-{i % 12 + 1:02}-{i % 28 + 1:02},{'' if i % 9 == 0 else i * 1.5}" for i in range(600))
_S = "a,b\n1,x\n2,\n,y\n"
CALLS = [("profile_csv:ProfileAgent.profile", [_C]), ("profile_csv:ProfileAgent.profile", [_S]), ("profile_csv:ProfileAgent.profile", [""]), ("profile_csv:ProfileAgent.quartiles", [_S, "zz"]), ("profile_csv:is_number", ["-3,5"])]
CONSTRUCT = {"profile_csv:ProfileAgent": []}
TESTS = '''
import profile_csv as p
def test_kinds():
    assert p.ProfileAgent().profile("a,b\\n1,x\\n2,\\n") == {"a": ["number", 2, 0], "b": ["text", 1, 1]}
def test_quartiles():
    assert p.ProfileAgent().quartiles("a\\n1\\n2\\n3\\n4", "a") == [1.25, 2.5, 3.75]
'''
