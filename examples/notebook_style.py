"""Without async, as in a notebook or a script: the supervisor runs on an event loop in a thread of its own.

Each block is a cell. Run it: python examples/notebook_style.py
"""

# %% It starts with the first request, and goes on running between the cells: timers fire meanwhile.
from supervisor import Supervisor

supervisor = Supervisor.from_config()
answer = supervisor.run_sync("Set a tea timer for 4 minutes")
print(answer.text)

# %% A whole plan, by the engine of your choice.
answer = supervisor.run_sync(
    "Add lunch with Anna tomorrow at noon and remind me an hour before", {"flags": {"meta-planning": True}}
)
print(answer.metadata.approach, answer.text, sep="\n")

# %% Any other method that is async is called the same way.
for row in supervisor.run_sync(supervisor.traces, limit=5):
    print(row["request"], "→", row["outcome"])

# %% At the end (or leave it to the interpreter's).
supervisor.close_sync()
