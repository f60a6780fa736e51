from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification

CALLS = [("sensors:Greenhouse.advice", ["g"]), ("sensors:Greenhouse.chained", ["h"]), ("sensors:Greenhouse.outliers", [[float(i * 37 % 11) + (50.0 if i == 30 else 0.0) for i in range(60)]]), ("sensors:Greenhouse.outliers", [[]]), ("sensors:Greenhouse.outliers", [[1.0]])]
CONSTRUCT = {"sensors:Greenhouse": ["Graz"]}
SPECIFICATION = AgentSpecification(policy=CodePolicy(network=True), transient=frozenset({"read_gateway", "read_weather", "read_plan"}))
TESTS = '''
import sensors
async def test_advice():
    assert (await sensors.Greenhouse("x").advice("g"))["advice"] == "leave"
def test_outlier():
    assert sensors.Greenhouse("x").outliers([1.0] * 9 + [99.0]) == [9]
'''
