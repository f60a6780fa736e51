_N = [{"title": f"<b>Report</b> {i * 17 % 41} on the {'rain storm trade sport music'.split()[i % 5]} of region{i % 7} &amp; more", "day": f"2026-0{i % 9 + 1}-{i % 27 + 1:02}", "body": "<p>Some text</p>" * (i % 3)} for i in range(40)]
CALLS = [("digest:DigestAgent.digest", [_N]), ("digest:DigestAgent.mail", [_N]), ("digest:DigestAgent.digest", [[]]), ("digest:DigestAgent.mail", [_N[:2]])]
CONSTRUCT = {"digest:DigestAgent": []}
TESTS = '''
import digest
def test_clean():
    assert digest.Cleaner().clean("<p>a &lt;  b</p>") == "a < b"
def test_copies():
    items = [{"title": "big storm hits", "day": "2026-01-02"}, {"title": "big storm hits", "day": "2026-01-03"}]
    assert [i["day"] for i in digest.DigestAgent().digest(items)] == ["2026-01-03"]
'''
