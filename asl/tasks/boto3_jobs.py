"""Jobs: what `.sync` integrations wait for, when boto3 starts them.

In: the answer that started a job, a way to ask for it. Out: the response and the ended
job as Step Functions gives it, or a TaskError that holds it.
Never: calls a service itself; waits by the context, so virtually where time is virtual.

Developer guide: "Run a Job (.sync)". Between two looks lie 1 to 15 seconds.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from asl.errors import TaskError, UsageError
from asl.model.resource import Resource
from asl.tasks.boto3_data import unfold
from asl.tasks.integrations import Submitted
from asl.tasks.lambda_context import LambdaContext
from asl.values import Json, json_text

Ask: TypeAlias = Callable[[str, dict[str, Any]], tuple[Any, Json]]
"""Takes an operation and parameters; gives boto3's answer and our spelling of it."""

_LOOKS = 200
"""More looks at one state of a job are useless where time is virtual."""


@dataclass(frozen=True, slots=True)
class _Job:
    """How a job is asked for; the texts are JMESPath, on boto3's answers."""

    operation: str
    arguments: dict[str, str]
    """Parameters by paths into {"answer": that started it, "given": its request}."""
    status: str
    done: tuple[str, ...]
    result: tuple[str | int, ...] = ()
    """Where the job stands in the answer, in our spelling."""
    going: tuple[str, ...] = ()
    """States in which the job goes on, where the others are not all failures."""
    failed: str | None = None
    """What is true of a job that is done and has failed all the same."""


_JOBS = {
    ("states", "startExecution"): _Job(
        "DescribeExecution",
        {"executionArn": "answer.executionArn"},
        "status",
        ("SUCCEEDED",),
        going=("RUNNING", "PENDING_REDRIVE"),
    ),
    ("athena", "startQueryExecution"): _Job(
        "GetQueryExecution",
        {"QueryExecutionId": "answer.QueryExecutionId"},
        "QueryExecution.Status.State",
        ("SUCCEEDED",),
        going=("QUEUED", "RUNNING"),
    ),
    ("batch", "submitJob"): _Job(
        "DescribeJobs",
        {"jobs": "[answer.jobId]"},
        "jobs[0].status",
        ("SUCCEEDED",),
        ("Jobs", 0),
        going=("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"),
    ),
    ("codebuild", "startBuild"): _Job(
        "BatchGetBuilds",
        {"ids": "[answer.build.id]"},
        "builds[0].buildStatus",
        ("SUCCEEDED",),
        ("Builds", 0),
        going=("IN_PROGRESS",),
    ),
    ("ecs", "runTask"): _Job(
        "DescribeTasks",
        {"cluster": "given.cluster", "tasks": "[answer.tasks[0].taskArn]"},
        "tasks[0].lastStatus",
        ("STOPPED",),
        ("Tasks", 0),
        going=(
            "PROVISIONING",
            "PENDING",
            "ACTIVATING",
            "RUNNING",
            "DEACTIVATING",
            "STOPPING",
            "DEPROVISIONING",
        ),
        failed="length(tasks[0].containers[?exitCode != null && exitCode != `0`])",
    ),
    ("glue", "startJobRun"): _Job(
        "GetJobRun",
        {"JobName": "given.JobName", "RunId": "answer.JobRunId"},
        "JobRun.JobRunState",
        ("SUCCEEDED",),
        ("JobRun",),
        going=("STARTING", "RUNNING", "STOPPING", "WAITING"),
    ),
    ("sagemaker", "createProcessingJob"): _Job(
        "DescribeProcessingJob",
        {"ProcessingJobName": "given.ProcessingJobName"},
        "ProcessingJobStatus",
        ("Completed",),
        going=("InProgress", "Stopping"),
    ),
    ("sagemaker", "createTrainingJob"): _Job(
        "DescribeTrainingJob",
        {"TrainingJobName": "given.TrainingJobName"},
        "TrainingJobStatus",
        ("Completed",),
        going=("InProgress", "Stopping"),
    ),
    ("sagemaker", "createTransformJob"): _Job(
        "DescribeTransformJob",
        {"TransformJobName": "given.TransformJobName"},
        "TransformJobStatus",
        ("Completed",),
        going=("InProgress", "Stopping"),
    ),
}


def is_job(resource: Resource) -> bool:
    """Whether boto3 can tell how a resource's job is going."""
    return (resource.service, resource.action) in _JOBS


def finish(
    resource: Resource,
    given: Any,
    answer: Any,
    response: Json,
    ask: Ask,
    context: LambdaContext,
) -> Submitted:
    """Wait for a job's end; TaskError where it fails."""
    jmespath: Any = importlib.import_module("jmespath")  # boto3 brings it, untyped

    job = _JOBS[resource.service, resource.action]
    known = {"answer": answer, "given": given}
    asked = {
        name: found
        for name, path in job.arguments.items()
        if (found := jmespath.search(path, known)) is not None
    }
    looks = 0
    while True:
        told, result = ask(job.operation, asked)
        status = jmespath.search(job.status, told)
        if status not in job.going:
            break
        looks += 1
        _wait(resource, context, looks, status)
    for step in job.result:
        result = result[step]
    result = _spelt(resource, result)
    is_bad = job.failed is not None and bool(jmespath.search(job.failed, told))
    if status not in job.done or is_bad:
        raise TaskError("States.TaskFailed", json_text(result))
    return Submitted(response, result=result)


def _wait(resource: Resource, context: LambdaContext, looks: int, status: str) -> None:
    if not context.is_real and looks > _LOOKS:
        raise UsageError(
            f"the job of {resource.arn} is still {status} after {_LOOKS} looks: in "
            "virtual time nobody waits for it; run with clock=asl.SystemClock(), or "
            "bind a callable of your own"
        )
    context.advance(min(2 ** min(looks - 1, 4), 15))


def _spelt(resource: Resource, result: Json) -> Json:
    """Whether an execution's input and output are texts or values."""
    if resource.pattern == "sync:2" and resource.service == "states":
        return unfold(result, "Input", "Output")
    return result
