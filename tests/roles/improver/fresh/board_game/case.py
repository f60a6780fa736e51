_M = [[i * 5 % 9, i * 7 % 9] for i in range(30)]
CALLS = [("board:GameAgent.play", [_M]), ("board:GameAgent.play", [[[0, 0], [0, 0], [9, 1]]]), ("board:GameAgent.paths", [[[6, 5], [5, 6], [4, 4]]]), ("board:GameAgent.paths", [[]]), ("board:GameAgent.play", [[]])]
CONSTRUCT = {"board:GameAgent": [9]}
TESTS = '''
import board
def test_paths():
    assert board.ways_home(2, 2) == 6
def test_chains():
    assert board.GameAgent(3).chains([[1, 1], [0, 0]]) == [4, 2]
'''
