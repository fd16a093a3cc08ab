"""asl serve, as a process: its URL, its clients, its end."""

import json
import signal
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from served import PATIENCE, client_of, serving

from asl.cli.main import main

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'


def test_a_worker_that_waits_does_not_hold_up_the_end() -> None:
    with serving() as (url, process):
        client = client_of(url)
        activity = client.create_activity(name="work")["activityArn"]
        answers: list[Any] = []
        worker = threading.Thread(
            target=lambda: answers.append(
                client.get_activity_task(activityArn=activity)
            )
        )
        worker.start()
        other = client_of(url)
        assert other.list_activities()["activities"][0]["activityArn"] == activity
        process.send_signal(signal.SIGTERM)
        worker.join(PATIENCE)
        assert process.wait(PATIENCE) == 0
        client.close()
        other.close()
    assert answers[0].get("taskToken") is None


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_server_serves_until_a_signal(stop: int) -> None:
    with serving(stop=stop) as (url, process):
        with urllib.request.urlopen(f"{url}/health", timeout=PATIENCE) as answer:
            assert json.load(answer)["status"] == "ok"
        client = client_of(url)
        made = client.create_state_machine(name="a", definition=GOOD, roleArn=ROLE)
        assert made["stateMachineArn"].endswith(":stateMachine:a")
        client.close()
        assert process.stdout is not None
        told = process.stdout.readline() + process.stdout.readline()
        assert f"AWS_ENDPOINT_URL_SFN={url}" in told
        assert "aws stepfunctions list-state-machines" in told
    assert process.returncode == 0


def test_the_log_and_the_arns_are_as_asked(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ["--region", "eu-west-1", "--account", "210987654321", "--log", str(log)]
    with serving(*options, "--real-time") as (url, process):
        client = client_of(url)
        made = client.create_state_machine(name="a", definition=GOOD, roleArn=ROLE)
        client.close()
    assert made["stateMachineArn"].startswith("arn:aws:states:eu-west-1:210987654321:")
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [one["action"] for one in lines if one["message"] == "request"] == [
        "CreateStateMachine"
    ]


def test_execution_logs_go_where_asked(tmp_path: Path) -> None:
    file = tmp_path / "executions.jsonl"
    group = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"
    wish = {
        "level": "FATAL",
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    fails = '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}'
    with serving("--logs", str(file)) as (url, process):
        client = client_of(url)
        made = client.create_state_machine(
            name="a", definition=fails, roleArn=ROLE, loggingConfiguration=wish
        )
        client.start_execution(stateMachineArn=made["stateMachineArn"])
        client.close()
    assert process.returncode == 0
    (line,) = file.read_text().splitlines()
    assert json.loads(line)["details"] == {"error": "E"}


def test_tasks_are_functions_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "work.py"
    file.write_text("def pay(order): return {'paid': order['amount']}\n")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay",
        "End": True,
    }
    definition = json.dumps({"StartAt": "Pay", "States": {"Pay": state}})
    with serving("--tasks", str(file)) as (url, _):
        client = client_of(url)
        arn = client.create_state_machine(
            name="a", definition=definition, roleArn=ROLE, type="EXPRESS"
        )["stateMachineArn"]
        done = client.start_sync_execution(stateMachineArn=arn, input='{"amount": 5}')
        client.close()
    assert (done["status"], done["output"]) == ("SUCCEEDED", '{"paid":5}')


REFUSED = {
    "a task file that is none": (["--tasks", "no.py"], "there is no such file"),
    "a mock file that is none": (["--mocks", "no.json"], "does not exist"),
    "a bucket folder that is none": (["--buckets", "no"], "does not exist"),
    "a port beyond all": (["--port", "65536"], "65536"),
    "a log that cannot be": (["--log", "no/such/log"], "cannot be written"),
    "logs that cannot be": (["--logs", "no/such/log"], "cannot be written"),
    "a host that is none": (["--host", "no.such.host.invalid"], "cannot listen at"),
    "an account that is none": (["--account", "me"], "account"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_call_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, said = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert result.exit_code == 2
    assert said in result.output
