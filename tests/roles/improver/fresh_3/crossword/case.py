_W = [f"{'abcdefgh'[i % 8]}{'lmnop'[i % 5]}{'rstu'[i % 4]}e" for i in range(160)]
CALLS = [("crossword:Crossword.fits", ["a?re"]), ("crossword:Crossword.fits", ["??"]), ("crossword:Crossword.clean", [["1. Down: a (3)", "2. Up: bee (10)", "none"]]), ("crossword:Crossword.grid", [["ab.cdefgh.ijklm", "c.dnopq.rstuv.w", "..abc.defghi.jk"] * 5]), ("crossword:Crossword.unused", [_W[::2] + ["zzz"] * 40])]
CONSTRUCT = {"crossword:Crossword": [_W]}
TESTS = '''
import crossword
def test_fits():
    assert crossword.Crossword(["are", "ale", "ore"]).fits("a?e") == ["are", "ale"]
def test_grid():
    assert crossword.Crossword([]).grid(["a."]) == "|a|#|\\n"
'''
