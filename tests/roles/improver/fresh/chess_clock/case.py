CALLS = [("ratings:Ladder.rank", [[[f"p{i % 7}", f"p{(i * 3 + 1) % 7}", [1, 0, 0.5][i % 3]] for i in range(5)]]), ("ratings:Ladder.normal_score", ["1-0"]), ("ratings:Ladder.normal_score", ["black"]), ("ratings:Ladder.normal_score", ["remis"]), ("ratings:Ladder.normal_score", ["?"]), ("ratings:Ladder.rank", [[]])]
CONSTRUCT = {"ratings:Ladder": [24]}
TESTS = '''
import ratings
def test_rank():
    assert ratings.Ladder(20).rank([["a", "b", 1]]) == [["a", 1510.0], ["b", 1490.0]]
'''
