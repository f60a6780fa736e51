CALLS = [("rates:RateAgent.price", ["AT", 900]), ("rates:RateAgent.price", ["GB", 31000]), ("rates:RateAgent.price", ["XX", 1]), ("rates:RateAgent.price", ["DE", 99999]), ("rates:RateAgent.delivers", ["12-25"]), ("rates:RateAgent.delivers", ["03-03"])]
CONSTRUCT = {"rates:RateAgent": [5, True]}
TESTS = '''
import rates
def test_price():
    assert rates.RateAgent(10).price("AT", 1000) == 351
def test_each_its_own():
    a, b = rates.RateAgent(), rates.RateAgent()
    a.quote("AT", 1)
    assert b.quote("AT", 1) == {"cents": 390, "asked": 1, "sum": 390}
'''
