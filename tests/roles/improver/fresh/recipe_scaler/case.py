_I = [{"name": f"thing {i % 9}", "amount": i * 1.7 + 0.3, "unit": ["g", "kg", "oz", "lb"][i % 4]} for i in range(12)]
CALLS = [("scaler:Scaler.shopping", [[_I] * 8]), ("scaler:Scaler.scale", [_I, 4, 6]), ("scaler:Scaler.card", [_I]), ("scaler:convert", [3.0, "cup", "ml"]), ("scaler:Scaler.shopping", [[[{"name": "x", "amount": 1, "unit": "barrel"}]]]), ("scaler:convert", [1.0, "g", "ml"])]
CONSTRUCT = {"scaler:Scaler": []}
TESTS = '''
import scaler
def test_convert():
    assert scaler.convert(2.0, "kg", "g") == 2000.0
def test_kind():
    try:
        scaler.convert(1.0, "g", "ml")
    except ValueError as e:
        assert "is no" in str(e)
    else:
        raise AssertionError
def test_nice():
    assert [scaler.nice(x) for x in (0.25, 1.5, 2.9, 3.0)] == ["1/4", "1 1/2", "3", "3"]
'''
