"""The network of lines."""
from collections import deque


class Network:
    """Stations and the links between them (both ways)."""

    def __init__(self, links):
        self.links = {}
        for one, other, minutes in links:
            self.links.setdefault(one, []).append((other, minutes))
            self.links.setdefault(other, []).append((one, minutes))

    def reachable(self, start):
        """Stations that can be reached, nearest first by number of stops."""
        if start not in self.links:
            return []
        visited = [start]
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for other, _ in self.links[here]:
                if other not in visited:  # planted: list-membership
                    visited.append(other)
                    queue.append(other)
        return visited

    def quickest(self, start, end):
        """Minutes on the quickest way (Bellman-Ford on few nodes), or nothing."""
        best = {start: 0}
        for _ in range(len(self.links)):
            changed = False
            for here in list(best):
                for other, minutes in self.links.get(here, ()):
                    total = best[here] + minutes
                    if other not in best or total < best[other]:
                        best[other] = total
                        changed = True
            if not changed:
                break
        return best.get(end)
