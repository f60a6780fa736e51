_T = " ".join(f"The {'quick lazy clever old'.split()[i % 4]} {'fox turtle engineer'.split()[i % 3]} considered alternative number words{chr(97 + i % 26)}. Was it reasonable?" for i in range(60))
CALLS = [("stats:StatsAgent.flesch", [_T]), ("stats:StatsAgent.rhythm", [_T]), ("stats:StatsAgent.repeated", [_T[:900]]), ("stats:StatsAgent.top", [_T]), ("stats:StatsAgent.flesch", [""]), ("stats:StatsAgent.rhythm", ["..."])]
CONSTRUCT = {"stats:StatsAgent": []}
TESTS = '''
import stats
def test_syllables():
    assert [stats.syllables(w) for w in ("house", "idea", "rhythm", "b")] == [1, 2, 1, 1]
def test_rhythm():
    assert stats.StatsAgent().rhythm("One two. Three!") == [2, 1]
'''
