_S = [f"win cash now {'free money'.split()[i % 2]} offer number{chr(97 + i % 26)}xx" for i in range(40)]
_H = [f"meeting about the project on day{chr(97 + i % 26)}yy with notes" for i in range(40)]
_M = " ".join(_S[:10] + _H[:10])
CALLS = [("spam:SpamAgent.judge", [{"sender": "a", "text": _M}]), ("spam:SpamAgent.judge", [{"text": "see http://win.example/x"}]), ("spam:SpamAgent.judge", [{"text": "see https://ok.example and http://ok.example. the project"}]), ("spam:SpamAgent.report", ["q"]), ("spam:SpamAgent.judge", [{"sender": "q", "text": ""}]), ("spam:SpamAgent.judge", [{"text": ""}])]
CONSTRUCT = {"spam:SpamAgent": [_S, _H]}
TESTS = '''
import spam
def test_judge():
    a = spam.SpamAgent(["win win win"], ["hello there"])
    assert a.judge({"text": "win now"})[0] == "spam"
    assert a.judge({"text": "hello"})[0] == "ham"
    a.report("z")
    assert a.judge({"sender": "z", "text": "hello"}) == ["spam", "sender"]
'''
