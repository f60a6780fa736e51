from roles.improver.agent import AgentSpecification, InputRule

CALLS = [("loans:LoanDesk.letter", ["Ann", 1200.5, 3]), ("loans:LoanDesk.letter", ["Bob", 10.0, 1]), ("loans:LoanDesk.rate", [700, True]), ("loans:LoanDesk.rate", [500, False]), ("loans:LoanDesk.table", [1000, 24]), ("loans:LoanDesk.total", [[10.1, 20.25, 3.0] * 10])]
CONSTRUCT = {"loans:LoanDesk": []}
SPECIFICATION = AgentSpecification(inputs={"loans:LoanDesk.rate": {"score": InputRule("integer", minimum=300, maximum=850), "member": InputRule("boolean")}})
TESTS = '''
import loans
def test_letter():
    assert loans.LoanDesk().letter("Ann", 5.0, 2) == "Dear Ann, you owe 5.00 in 2 parts."
def test_rate():
    assert loans.LoanDesk().rate(700, True) == 4
'''
