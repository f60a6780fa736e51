_W = ["".join(p) for p in __import__("itertools").product("abcd", repeat=3)]
CALLS = [("chain:ChainAgent.chain", ["aaa", "ddd"]), ("chain:ChainAgent.chain", ["abc", "cba"]), ("chain:ChainAgent.chain", ["aaa", "zzz"]), ("chain:ChainAgent.reach", ["aaa"]), ("chain:ChainAgent.distances", [["aaa", "bbb", "abc", "aaa", "bbb", "abc"] * 4])]
CONSTRUCT = {"chain:ChainAgent": [_W]}
TESTS = '''
import chain
def test_chain():
    assert chain.ChainAgent(["ab", "ac", "dc"]).chain("ab", "dc") == ["ab", "ac", "dc"]
'''
