_T = "\n".join(f"{'#' * (i % 4 + 1)} Chapter {i * 7 % 53}: the {'abcde'[i % 5]} of it\ntext" for i in range(260))
CALLS = [("toc:Toc.render", [_T]), ("toc:Toc.render", ["# A\n# A\n```\n# no\n```"]), ("toc:Toc.numbered", [_T[:600]]), ("toc:Toc.render", [""])]
CONSTRUCT = {"toc:Toc": []}
TESTS = '''
import toc
def test_twice():
    assert toc.Toc().render("# A b\\n# A b\\n") == "- [A b](#a-b)\\n- [A b](#a-b-1)\\n"
'''
