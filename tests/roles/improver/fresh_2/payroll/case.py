_R = [{"name": f"e{i}", "salary": 2000 + 500 * (i % 6), "since": 2000 + i} for i in range(24)]
CALLS = [("payroll:Payroll.slips", [_R]), ("payroll:Payroll.total", [_R]), ("payroll:Payroll.grade", [{"grade": "A", "salary": 2500}]), ("payroll:Payroll.grade", [{"grade": "X", "salary": 1}]), ("payroll:Payroll.grade", [{"salary": 1}]), ("payroll:Payroll.total", [[]])]
CONSTRUCT = {"payroll:Payroll": ["ACME"]}
TESTS = '''
import payroll, tax
def test_tax():
    assert tax.yearly_tax(11000) == 0.0 and tax.yearly_tax(12000) == 200.0
def test_slip():
    assert payroll.Payroll().slips([{"name": "x", "salary": 700}]) == [["x", 9800, 9800.0]]
'''
