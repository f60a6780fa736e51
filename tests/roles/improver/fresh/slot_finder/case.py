CALLS = [("slots:SlotFinder.common", [[[[500, 560], [700, 730]], [[540, 600]]], 30]), ("slots:SlotFinder.blocked", [list(range(0, 900, 2)), list(range(0, 900, 3))]), ("slots:SlotFinder.common", [[], 60]), ("slots:SlotFinder.blocked", [[], []])]
CONSTRUCT = {"slots:SlotFinder": []}
TESTS = '''
import slots
def test_common():
    assert slots.SlotFinder(0, 100).common([[[10, 50]]], 20) == [[50, 100]]
def test_label():
    assert slots.SlotFinder().label(61) == "01:01"
'''
