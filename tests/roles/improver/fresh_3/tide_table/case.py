_D = [[h, round(2.0 + (h * 37 % 41) / 10, 1)] for h in range(0, 240, 3)]
CALLS = [("tides:report", [_D, 3.5]), ("tides:report", [[], 1.0]), ("tides:spring_days", [_D]), ("tides:moon_phase", [700]), ("tides:phases", [[i % 9 for i in range(60)]])]
TESTS = '''
import tides
def test_report():
    assert tides.report([[0, 1.0], [3, 3.0]], 2.0) == "0h low\\n3h high\\n"
def test_phase():
    assert tides.phases([0, 1]) == [tides.moon_phase(0), tides.moon_phase(1)]
'''
