"""Flower's settings. `mmq flower` names this file; every line that is not a default says why it is there."""

import os

_password = os.environ.get("MMQ_FLOWER_BASIC_AUTH", "").strip()

# From the environment, since options of the command line show in the list of processes.
basic_auth = [_password] if _password else []
# Whoever came without a password may look, and neither stop a worker nor revoke a task.
read_only = not _password

# 65 MB; the default of 100,000 takes 645 MB. The record of all jobs is in the database.
max_tasks = 10_000
# Generations take up to ten minutes; the default buckets end at ten seconds.
task_runtime_metric_buckets = [0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0]
# A worker's name holds its process id, so each restart is another row.
purge_offline_workers = 600
# kwargs hold lane and model, never a prompt.
tasks_columns = "uuid,state,kwargs,result,received,started,runtime,retries,worker"
natural_time = True
