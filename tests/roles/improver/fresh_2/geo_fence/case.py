_T = [[47.0 + i * 0.01, 15.0 + (i * 7 % 13) * 0.02] for i in range(40)]
_C = [[47.0, 15.0], [47.3, 15.0], [47.3, 15.3], [47.0, 15.3]]
CALLS = [("fence:FenceAgent.far_places", [_T, 0.5]), ("fence:FenceAgent.inside", [_T]), ("fence:FenceAgent.leaves", [_T]), ("fence:FenceAgent.farthest", [_T]), ("fence:FenceAgent.farthest", [[]]), ("fence:FenceAgent.far_places", [[], 1.0])]
CONSTRUCT = {"fence:FenceAgent": [_C, [47.1, 15.1]]}
TESTS = '''
import fence
def test_inside():
    a = fence.FenceAgent([[0, 0], [4, 0], [4, 4], [0, 4]], [0, 0])
    assert a.inside([[1, 1], [5, 5]]) == [True, False]
    assert a.scale(0) == 1.0
'''
