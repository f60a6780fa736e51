from roles.improver.agent import AgentSpecification, InputRule

CALLS = [("mortgage:MortgageAgent.schedule", [200000.0, 3.5, 240]), ("mortgage:MortgageAgent.schedule", [1000.0, 0.0, 10]), ("mortgage:MortgageAgent.monthly", [100000.0, 4.0, 120]), ("mortgage:MortgageAgent.best", [[{"bank": "a", "rate": 3.0}, {"bank": "b", "rate": 2.9, "fee": 5000.0}], 100000.0, 120]), ("mortgage:MortgageAgent.best", [[], 1.0, 1]), ("mortgage:MortgageAgent.bracket", [60000.0])]
CONSTRUCT = {"mortgage:MortgageAgent": ["desk 3", "Graz"]}
SPECIFICATION = AgentSpecification(inputs={"mortgage:MortgageAgent.monthly": {"amount": InputRule("number", minimum=1.0), "rate": InputRule("number", minimum=0.0, maximum=30.0), "months": InputRule("integer", minimum=1, maximum=600)}})
TESTS = '''
import mortgage
def test_monthly():
    assert mortgage.MortgageAgent("x", "y").monthly(1200.0, 0.0, 12) == 100.0
def test_schedule():
    assert mortgage.MortgageAgent("x", "y").schedule(100.0, 0.0, 4) == [75.0, 50.0, 25.0, 0.0]
'''
