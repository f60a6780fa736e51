_P = [{"file": f"img{i:04}.jpg", "taken": 1700000000 + i * 977, "tags": [f"t{i % 9}", f"t{i % 14}"]} for i in range(120)]
CALLS = [("photos:PhotoIndex.by_tag", ["t3"]), ("photos:PhotoIndex.tags", []), ("photos:PhotoIndex.sidecar", [4]), ("photos:PhotoIndex.gamma", [128]), ("photos:PhotoIndex.kind", ["a.JPG"]), ("photos:PhotoIndex.kind", ["x"])]
CONSTRUCT = {"photos:PhotoIndex": [_P]}
TESTS = '''
import photos
def test_tags():
    index = photos.PhotoIndex([{"file": "a", "taken": 1, "tags": ["x", "y", "x"]}])
    assert index.tags() == ["x", "y"] and index.by_tag("y") == ["a"]
    assert index.gamma(0) == 0
'''
