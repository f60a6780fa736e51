_T = [{"name": f"team{i}", "words": [f"w{i * 50 + j}" for j in range(120)], "needed": 3} for i in range(4)]
_K = [{"customer": f"c{i * 37 % 500}", "text": ", ".join(f"W{(i * 13 + j * 29) % 400}" for j in range(25)) + "!"} for i in range(120)]
CALLS = [("router:Router.route_all", [_K, [f"c{i}" for i in range(0, 500, 2)]]), ("router:Router.route", [_K[3]]), ("router:tokenize", ["Hello, World! " * 200]), ("router:Router.priority", [{"outage": True}, 9]), ("router:Router.priority", [{}, 9]), ("router:Router.priority", [{}, 19]), ("router:Router.route_all", [[], []])]
CONSTRUCT = {"router:Router": [_T]}
TESTS = '''
import router
def test_tokenize():
    assert router.tokenize("It's  a Test.") == ["it", "s", "a", "test"]
def test_route():
    r = router.Router([{"name": "net", "words": ["router", "wifi"]}])
    assert r.route({"text": "My WIFI router died"}) == "net"
    assert r.route({"text": "wifi"}) == "front desk"
'''
