_C = [{"word": f"w{i}", "meaning": ["rain", "sunny", "cloud", "thund"][i % 4], "box": i % 5, "seen": i % 3} for i in range(30)]
CALLS = [("trainer:Trainer.mark", ["w1", "suny"]), ("trainer:Trainer.mark", ["w3", "tnudh"]), ("trainer:Trainer.mark", ["w2", "cluod"]), ("trainer:Trainer.mark", ["zz", "x"]), ("trainer:Trainer.due", [5]), ("trainer:Trainer.statistics", [])]
CONSTRUCT = {"trainer:Trainer": [_C]}
TESTS = '''
import trainer
def test_mark():
    t = trainer.Trainer([{"word": "a", "meaning": "rain"}])
    assert t.mark("a", "rain") == 1.0 and t.mark("a", "pain") == 0.75
def test_due():
    assert trainer.Trainer([{"word": "a", "meaning": "x"}, {"word": "a", "meaning": "y"}]).due(3) == ["a"]
'''
