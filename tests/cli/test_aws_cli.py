"""The AWS CLI drives asl serve: its documented commands, and published walkthroughs.

The walkthroughs are those of the developer guide for Step Functions Local: a machine
that calls a local Lambda endpoint, and executions of mocked service integrations.
Machines and mocks are our own, the commands and their order the guide's.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from served import AwsCli, serving

pytestmark = pytest.mark.full

ROLE = "arn:aws:iam::012345678901:role/DummyRole"
PREFIX = "arn:aws:states:us-east-1:123456789012"
GOOD = {"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": True}}}
OTHER = {"StartAt": "On", "States": {"On": {"Type": "Succeed"}}}


class Cli:
    """The CLI at one server: `cli("describe-execution", execution_arn=…)`."""

    def __init__(self, home: Path, url: str) -> None:
        self.aws = AwsCli(home)
        self.url = url

    def __call__(self, command: str, *flags: str, **options: object) -> Any:
        return self.aws.run(*self._spell(command, flags, options))

    def refusal(self, command: str, *flags: str, **options: object) -> str:
        return self.aws.refusal(*self._spell(command, flags, options))

    def _spell(
        self, command: str, flags: tuple[str, ...], options: dict[str, object]
    ) -> list[str]:
        spelt = [command, "--endpoint-url", self.url, *flags]
        for name, value in options.items():
            text = value if isinstance(value, str) else json.dumps(value)
            spelt += [f"--{name.replace('_', '-')}", text]
        return spelt

    def create(self, name: str, definition: object, *flags: str, **more: object) -> str:
        made = self(
            "create-state-machine",
            *flags,
            name=name,
            definition=definition,
            role_arn=ROLE,
            **more,
        )
        return str(made["stateMachineArn"])


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    AwsCli(tmp_path)  # skips before a server is started
    tasks = tmp_path / "work.py"
    tasks.write_text(TASKS.replace("FOLDER", str(tmp_path)))
    with serving("--tasks", str(tasks)) as (url, _):
        yield Cli(tmp_path, url)


TASKS = """
from pathlib import Path

def sqs_send_message(request):
    Path("FOLDER", "token").write_text(request["MessageBody"])
    return {"MessageId": "1"}

def fragile(order):
    flag = Path("FOLDER", "mended")
    if not flag.exists():
        raise RuntimeError("not yet")
    return order
"""


def task(resource: str, **fields: object) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return {"StartAt": "Do", "States": {"Do": state}}


def test_an_execution_is_run_and_read(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(GOOD))
    machine = cli.create("orders", f"file://{file}")
    assert machine == f"{PREFIX}:stateMachine:orders"
    found = cli("describe-state-machine", state_machine_arn=machine)
    assert json.loads(found["definition"]) == GOOD
    begun = cli(
        "start-execution", state_machine_arn=machine, name="first", input={"n": 5}
    )
    told = cli("describe-execution", execution_arn=begun["executionArn"])
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"n": 5})
    history = cli(
        "get-execution-history", "--reverse-order", execution_arn=told["executionArn"]
    )
    assert history["events"][0]["type"] == "ExecutionSucceeded"
    cli("start-execution", state_machine_arn=machine, name="second")
    # The CLI follows nextToken by itself.
    listed = cli("list-executions", state_machine_arn=machine, page_size=1)
    assert [row["name"] for row in listed["executions"]] == ["second", "first"]
    cut = cli("list-executions", state_machine_arn=machine, max_items=1)
    assert len(cut["executions"]) == 1
    rest = cli(
        "list-executions", state_machine_arn=machine, starting_token=cut["NextToken"]
    )
    assert len(rest["executions"]) == 1


def test_a_refusal_is_told_with_its_code(cli: Cli) -> None:
    said = cli.refusal("describe-state-machine", state_machine_arn="x")
    assert "(InvalidArn) when calling the DescribeStateMachine operation" in said
    said = cli.refusal("create-state-machine", name="m", definition="{", role_arn=ROLE)
    assert "(InvalidDefinition)" in said


def test_a_machine_is_validated_and_a_state_tested(cli: Cli) -> None:
    bad = {"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "Sea"}}}
    found = cli("validate-state-machine-definition", definition=bad)
    assert found["result"] == "FAIL"
    assert found["diagnostics"][0]["code"] == "MISSING_TRANSITION_TARGET"
    state = {"Type": "Pass", "Result": {"a": 1}, "ResultPath": "$.b", "End": True}
    told = cli("test-state", definition=state, input={}, inspection_level="DEBUG")
    assert (told["status"], json.loads(told["output"])) == (
        "SUCCEEDED",
        {"b": {"a": 1}},
    )
    assert "afterResultPath" in told["inspectionData"]
    told = cli(
        "test-state",
        definition=task("arn:aws:lambda:us-east-1:123456789012:function:pay"),
        state_name="Do",
        mock={"errorOutput": {"error": "E", "cause": "c"}},
    )
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "E", "c")


def test_a_token_is_answered(cli: Cli, tmp_path: Path) -> None:
    body = {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}
    wait = task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters=body)
    machine = cli.create("orders", wait)
    ends: dict[str, tuple[dict[str, Any], str]] = {
        "send-task-success": ({"task_output": {"paid": True}}, "SUCCEEDED"),
        "send-task-failure": ({"error": "E", "cause": "c"}, "FAILED"),
    }
    for command, (answer, status) in ends.items():
        run = cli("start-execution", state_machine_arn=machine)["executionArn"]
        told = cli("describe-execution", execution_arn=run)
        assert told["status"] == "RUNNING"
        token = (tmp_path / "token").read_text()
        assert cli("send-task-heartbeat", task_token=token) is None
        cli(command, task_token=token, **answer)
        assert cli("describe-execution", execution_arn=run)["status"] == status
    said = cli.refusal("send-task-success", task_token=token, task_output={})
    assert "(TaskTimedOut)" in said


def test_an_activity_is_worked_at(cli: Cli) -> None:
    activity = cli("create-activity", name="work")["activityArn"]
    assert cli("list-activities")["activities"][0]["activityArn"] == activity
    assert cli("describe-activity", activity_arn=activity)["name"] == "work"
    machine = cli.create("orders", task(activity))
    run = cli("start-execution", state_machine_arn=machine, input={"n": 5})
    found = cli("get-activity-task", activity_arn=activity, worker_name="me")
    assert json.loads(found["input"]) == {"n": 5}
    cli("send-task-success", task_token=found["taskToken"], task_output="6")
    told = cli("describe-execution", execution_arn=run["executionArn"])
    assert (told["status"], told["output"]) == ("SUCCEEDED", "6")
    cli("delete-activity", activity_arn=activity)
    assert cli("list-activities")["activities"] == []


def test_an_express_machine_answers_at_once(cli: Cli) -> None:
    machine = cli.create("quick", GOOD, type="EXPRESS")
    done = cli("start-sync-execution", state_machine_arn=machine, input={"n": 5})
    assert (done["status"], json.loads(done["output"])) == ("SUCCEEDED", {"n": 5})
    said = cli.refusal("list-executions", state_machine_arn=machine)
    assert "(StateMachineTypeNotSupported)" in said


def test_versions_and_aliases_are_published_and_removed(cli: Cli) -> None:
    machine = cli.create("orders", GOOD, "--publish")
    cli("update-state-machine", state_machine_arn=machine, definition=OTHER)
    made = cli("publish-state-machine-version", state_machine_arn=machine)
    assert made["stateMachineVersionArn"] == f"{machine}:2"
    listed = cli("list-state-machine-versions", state_machine_arn=machine)
    assert len(listed["stateMachineVersions"]) == 2
    routes = [
        {"stateMachineVersionArn": f"{machine}:{n}", "weight": 50} for n in (1, 2)
    ]
    alias = cli(
        "create-state-machine-alias", name="live", routing_configuration=routes
    )["stateMachineAliasArn"]
    run = cli("start-execution", state_machine_arn=alias)["executionArn"]
    told = cli("describe-execution", execution_arn=run)
    assert told["stateMachineAliasArn"] == alias
    assert told["stateMachineVersionArn"] in (f"{machine}:1", f"{machine}:2")
    routes = [{"stateMachineVersionArn": f"{machine}:2", "weight": 100}]
    cli(
        "update-state-machine-alias",
        state_machine_alias_arn=alias,
        routing_configuration=routes,
    )
    found = cli("describe-state-machine-alias", state_machine_alias_arn=alias)
    assert found["routingConfiguration"] == routes
    listed = cli("list-state-machine-aliases", state_machine_arn=machine)
    assert len(listed["stateMachineAliases"]) == 1
    version = {"state_machine_version_arn": f"{machine}:2"}
    said = cli.refusal("delete-state-machine-version", **version)
    assert "(ConflictException)" in said
    cli("delete-state-machine-alias", state_machine_alias_arn=alias)
    cli("delete-state-machine-version", **version)


def test_a_machine_is_tagged_stopped_and_deleted(cli: Cli) -> None:
    hour = {"Type": "Wait", "Seconds": 3600, "End": True}
    machine = cli.create(
        "slow",
        {"StartAt": "W", "States": {"W": hour}},
        tags=[{"key": "team", "value": "blue"}],
    )
    cli("tag-resource", resource_arn=machine, tags=[{"key": "a", "value": "b"}])
    cli("untag-resource", "--tag-keys", "team", resource_arn=machine)
    found = cli("list-tags-for-resource", resource_arn=machine)
    assert found["tags"] == [{"key": "a", "value": "b"}]
    run = cli("start-execution", state_machine_arn=machine)["executionArn"]
    cli("stop-execution", execution_arn=run, error="E", cause="enough")
    told = cli("describe-execution", execution_arn=run)
    assert (told["status"], told["cause"]) == ("ABORTED", "enough")
    cli("delete-state-machine", state_machine_arn=machine)
    assert cli("list-state-machines")["stateMachines"] == []


def test_a_failed_execution_is_redriven(cli: Cli, tmp_path: Path) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:fragile"
    machine = cli.create("orders", task(function))
    run = cli("start-execution", state_machine_arn=machine, input="5")["executionArn"]
    assert cli("describe-execution", execution_arn=run)["status"] == "FAILED"
    (tmp_path / "mended").touch()
    assert cli("redrive-execution", execution_arn=run)["redriveDate"]
    told = cli("describe-execution", execution_arn=run)
    assert (told["status"], told["output"], told["redriveCount"]) == (
        "SUCCEEDED",
        "5",
        1,
    )


def test_a_map_run_is_described_and_changed(cli: Cli) -> None:
    activity = cli("create-activity", name="work")["activityArn"]
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemProcessor": body | task(activity), "End": True}
    machine = cli.create("many", {"StartAt": "All", "States": {"All": state}})
    run = cli("start-execution", state_machine_arn=machine, input=[1, 2])
    listed = cli("list-map-runs", execution_arn=run["executionArn"])
    arn = listed["mapRuns"][0]["mapRunArn"]
    cli("update-map-run", map_run_arn=arn, max_concurrency=1)
    told = cli("describe-map-run", map_run_arn=arn)
    assert (told["status"], told["maxConcurrency"]) == ("RUNNING", 1)
    children = cli("list-executions", map_run_arn=arn)["executions"]
    assert len(children) == 2
    found = cli(
        "describe-state-machine-for-execution",
        execution_arn=children[0]["executionArn"],
    )
    assert found["mapRunArn"] == arn


# ------------------------------------------- walkthrough: a machine and a local Lambda

LAMBDA_TASKS = "from asl.tasks.boto3 import tasks\nTASKS = tasks()\n"


class LambdaDoor(http.server.BaseHTTPRequestHandler):
    """What `sam local start-lambda` offers: an endpoint that invokes functions."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        name = unquote(self.path.split("/")[-2]).rpartition(":")[2]
        answer = json.dumps({"for": name, "got": json.loads(sent)})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def local_lambda() -> Iterator[str]:
    """An endpoint for Lambda; gives its URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), LambdaDoor) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{door.server_port}"
        door.shutdown()
        thread.join()


@pytest.mark.parametrize("door", ["a Lambda endpoint", "a Python file"])
def test_the_walkthrough_with_lambda_works(door: str, tmp_path: Path) -> None:
    aws, tasks = AwsCli(tmp_path), tmp_path / "work.py"
    function = "arn:aws:lambda:us-east-1:123456789012:function:GreetingFunction"
    definition = {"Comment": "says good day", **task(function)}
    with local_lambda() as lambda_url:
        environment = {
            "AWS_ENDPOINT_URL_LAMBDA": lambda_url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        tasks.write_text(
            LAMBDA_TASKS
            if door == "a Lambda endpoint"
            else "def GreetingFunction(event):\n"
            "    return {'for': 'GreetingFunction', 'got': event}\n"
        )
        with serving("--tasks", str(tasks), environment=environment) as (url, _):
            # The guide writes --endpoint and --state-machine, which the CLI completes.
            at = ("--endpoint", url)
            made = aws.run(
                *at,
                "create-state-machine",
                "--definition",
                json.dumps(definition),
                "--name",
                "Greeting",
                "--role-arn",
                ROLE,
            )
            assert made["stateMachineArn"] == f"{PREFIX}:stateMachine:Greeting"
            begun = aws.run(
                *at,
                "start-execution",
                "--state-machine",
                made["stateMachineArn"],
                "--name",
                "test",
            )
            assert begun["executionArn"] == f"{PREFIX}:execution:Greeting:test"
            told = aws.run(
                *at, "describe-execution", "--execution-arn", begun["executionArn"]
            )
    assert (told["status"], told["input"]) == ("SUCCEEDED", "{}")
    assert json.loads(told["output"]) == {"for": "GreetingFunction", "got": {}}


# --------------------------------------- walkthrough: mocked service integrations

PARCEL = {
    "Comment": "a function's answer goes into a queue",
    "StartAt": "Weigh",
    "States": {
        "Weigh": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "weigh", "Payload.$": "$"},
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 3,
                    "BackoffRate": 2,
                }
            ],
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "https://q.example/q", "MessageBody.$": "$"},
            "End": True,
        },
    },
}
WEIGHED = {"Return": {"StatusCode": 200, "Payload": {"grams": 250}}}
MOCKS = {
    "StateMachines": {
        "ParcelQueue": {
            "TestCases": {
                "HappyPath": {"Weigh": "Weighed", "Tell": "Told"},
                "RetryPath": {"Weigh": "WeighedLate", "Tell": "Told"},
                "HybridPath": {"Weigh": "Weighed"},
            }
        }
    },
    "MockedResponses": {
        "Weighed": {"0": WEIGHED},
        "Told": {"0": {"Return": {"MessageId": "m-1", "MD5OfMessageBody": "5"}}},
        "WeighedLate": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException"}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "slow"}},
            "3": WEIGHED,
        },
    },
}
SUCCEEDED = "events[?type==`TaskSucceeded`].taskSucceededEventDetails"
FAILED = "events[?type==`TaskFailed`].taskFailedEventDetails.error"


@pytest.mark.parametrize("given", ["--mocks", "SFN_MOCK_CONFIG"])
def test_the_walkthrough_with_mocks_works(given: str, tmp_path: Path) -> None:
    aws = AwsCli(tmp_path)
    mocks, tasks = tmp_path / "MockConfigFile.json", tmp_path / "work.py"
    mocks.write_text(json.dumps(MOCKS))
    tasks.write_text("def sqs_send_message(request): return {'MessageId': 'real'}\n")
    options = ("--mocks", str(mocks)) if given == "--mocks" else ()
    environment = {} if options else {given: str(mocks)}
    with serving("--tasks", str(tasks), *options, environment=environment) as (url, _):
        machine = aws.run(
            "create-state-machine",
            "--endpoint",
            url,
            "--definition",
            json.dumps(PARCEL),
            "--name",
            "ParcelQueue",
            "--role-arn",
            "arn:aws:iam::123456789012:role/service-role/ParcelQueue",
        )["stateMachineArn"]

        def run(case: str) -> str:
            begun = aws.run(
                "start-execution",
                "--endpoint",
                url,
                "--name",
                f"executionWith{case}",
                "--state-machine",
                f"{machine}#{case}",
            )
            return str(begun["executionArn"])

        def history(arn: str, query: str) -> Any:
            return aws.run(
                "get-execution-history",
                "--endpoint",
                url,
                "--execution-arn",
                arn,
                "--query",
                query,
            )

        happy = run("HappyPath")
        assert happy == f"{PREFIX}:execution:ParcelQueue:executionWithHappyPath"
        weighed, told = history(happy, SUCCEEDED)
        assert json.loads(weighed["output"]) == WEIGHED["Return"]
        assert (told["resourceType"], told["resource"]) == ("sqs", "sendMessage")
        assert json.loads(told["output"])["MessageId"] == "m-1"
        entered = "events[?type==`TaskStateEntered`].stateEnteredEventDetails"
        second = history(happy, entered)[1]
        assert (second["name"], json.loads(second["input"])) == (
            "Tell",
            WEIGHED["Return"],
        )
        late = run("RetryPath")
        assert history(late, FAILED) == [
            "Lambda.ResourceNotReadyException",
            "Lambda.TimeoutException",
            "Lambda.TimeoutException",
        ]
        assert len(history(late, SUCCEEDED)) == 2
        # What a case does not mock calls the service; here it is the tasks' file.
        _, told = history(run("HybridPath"), SUCCEEDED)
        assert json.loads(told["output"]) == {"MessageId": "real"}
        listed = aws.run(
            "list-executions", "--endpoint", url, "--state-machine-arn", machine
        )
        assert {row["status"] for row in listed["executions"]} == {"SUCCEEDED"}
        said = aws.refusal(
            "start-execution", "--endpoint", url, "--state-machine", f"{machine}#None"
        )
    assert "has no test case 'None'" in said
