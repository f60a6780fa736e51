_A = [{"q1": i % 5, "q2": (i * 7) % 11, "q3": "yes" if i % 3 else "no"} for i in range(90)]
CALLS = [("survey:SurveyAgent.scores", [_A, "q2"]), ("survey:SurveyAgent.scores", [[], "q2"]), ("survey:SurveyAgent.outliers", [_A, "q1", 1.2]), ("survey:SurveyAgent.ask", ["mean", _A, "q1"]), ("survey:SurveyAgent.ask", ["nope", _A, "q1"]), ("survey:SurveyAgent.digest", [_A[:3]])]
CONSTRUCT = {"survey:SurveyAgent": [{"weight": 2}]}
TESTS = '''
import survey
def test_scores():
    assert survey.SurveyAgent({}).scores([{"a": 1}, {"a": 3}], "a") == [0.0, 1.0]
def test_ask():
    assert survey.SurveyAgent({}).ask("top", [{"a": 1}, {"a": 3}], "a") == 3
'''
