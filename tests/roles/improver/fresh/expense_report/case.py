_R = [{"day": f"2026-02-{i % 28 + 1:02}", "kind": ["travel", "hotel", "gifts"][i % 3], "cents": i * 137, "note": f"note number {i}" if i % 2 else ""} for i in range(1500)]
CALLS = [("report:ReportAgent.html", [_R]), ("report:ReportAgent.text", [_R]), ("report:ReportAgent.sums", [_R[:20]]), ("report:ReportAgent.text", [[]])]
CONSTRUCT = {"report:ReportAgent": ["Ada"]}
TESTS = '''
import report
def test_text():
    assert report.ReportAgent("A").text([{"day": "d", "kind": "hotel", "cents": 105, "note": "n"}]).endswith("[1]\\n[1] n\\nsum 1.05")
def test_html():
    assert report.ReportAgent("A").html([]) == "<table></table>"
'''
