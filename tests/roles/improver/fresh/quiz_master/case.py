_Q = [{"question": f"q{i}", "answer": f"answer {i}"} for i in range(12)]
CALLS = [("quiz:Quiz.run", [{str(i): f"Answer {i if i % 4 else 0}" for i in range(12)}]), ("quiz:Quiz.order", []), ("quiz:Quiz.verdict", [45]), ("quiz:Quiz.verdict", [-3]), ("quiz:Quiz.run", [{}]), ("quiz:Quiz.right", [2, " ANSWER 2"])]
CONSTRUCT = {"quiz:Quiz": [_Q, 7]}
TESTS = '''
import quiz
def test_run():
    q = quiz.Quiz([{"answer": "a"}], 1)
    assert q.run({"0": "A "}) == {"points": 10, "asked": [0]}
def test_lenient():
    assert quiz.Quiz([{"answer": "Beethoven"}], 1, False).right(0, "Bethoven")
'''
