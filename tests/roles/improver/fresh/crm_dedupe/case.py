_C = [{"id": i, "phone": f"+43 {i * 7 % 500:03}/{i * 13 % 90}-5", "company": f"Firm {i % 40} GmbH", "person": f"P {i}" if i % 2 else ""} for i in range(300)]
CALLS = [("crm:DedupeAgent.missing", [_C, [f"+43 {i:03}/{i % 90}-5" for i in range(500)]]), ("crm:DedupeAgent.duplicates", [_C]), ("crm:DedupeAgent.merge", [_C[:60]]), ("crm:DedupeAgent.label", [_C[1]]), ("crm:DedupeAgent.label", [{}]), ("crm:DedupeAgent.merge", [[]])]
CONSTRUCT = {"crm:DedupeAgent": []}
TESTS = '''
import crm, normal
def test_phone():
    assert normal.phone("+43 1/2") == "004312"
def test_merge():
    m = crm.DedupeAgent().merge([{"company": "X Ltd", "person": ""}, {"company": "x", "person": "P"}])
    assert m == [{"company": "X Ltd", "person": "P"}]
'''
