"""boto3's clients answered in this process: which ones, from when, until when."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ParamValidationError
from botocore.stub import Stubber

import asl

ROLE = "arn:aws:iam::123456789012:role/runner"
GOOD = '{"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": true}}}'
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
NETWORK = (AssertionError, HTTPClientError)
STATE = '{"Type": "Pass", "End": true}'


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no region, and every attempt to reach the network fails."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


def create(client: Any, name: str = "orders") -> str:
    made = client.create_state_machine(name=name, definition=GOOD, roleArn=ROLE)
    arn: str = made["stateMachineArn"]
    return arn


def old_client(service: str = "stepfunctions") -> Any:
    return boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_a_client_needs_neither_socket_nor_credentials_nor_region() -> None:
    before = dict(os.environ)
    with asl.mock_stepfunctions() as api:
        client = boto3.client("stepfunctions")
        assert create(client) == ARN
        assert client.meta.region_name == "us-east-1"
        assert dict(os.environ) == before
    assert isinstance(api, asl.Api)


def test_the_region_of_the_api_counts_where_boto3_has_none() -> None:
    with asl.mock_stepfunctions(asl.Api(region="eu-north-1")):
        assert boto3.client("stepfunctions").meta.region_name == "eu-north-1"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-southeast-2"])
def test_every_region_is_answered(region: str) -> None:
    with asl.mock_stepfunctions():
        assert create(boto3.client("stepfunctions", region_name=region)) == ARN


def test_a_session_with_settings_of_its_own_is_answered() -> None:
    session = boto3.Session(
        aws_access_key_id="a", aws_secret_access_key="b", region_name="us-west-2"
    )
    with asl.mock_stepfunctions():
        assert create(session.client("stepfunctions")) == ARN


def test_positional_arguments_of_a_client_stay_as_they_are() -> None:
    session = boto3.Session()
    with asl.mock_stepfunctions():
        client = session._session.create_client(
            "stepfunctions", "eu-west-3", None, True, None, None, "key", "secret"
        )
        assert client.meta.region_name == "eu-west-3"
        assert create(client) == ARN


def test_a_client_that_is_older_than_the_context_is_answered() -> None:
    client = old_client()
    with asl.mock_stepfunctions():
        assert create(client) == ARN


def test_the_prefix_of_the_host_makes_no_difference() -> None:
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions")
        assert client.test_state(definition=STATE, input="{}")["output"] == "{}"


def test_an_endpoint_of_ones_own_is_not_asked() -> None:
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions", endpoint_url="http://localhost:1")
        assert create(client) == ARN


def test_after_the_context_aws_is_asked_again() -> None:
    client = old_client()
    with asl.mock_stepfunctions():
        create(client)
    with pytest.raises(NETWORK, match="a socket was opened"):
        create(client)


def test_other_services_are_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    client = old_client("sqs")
    with asl.mock_stepfunctions():
        with pytest.raises(NETWORK, match="a socket was opened"):
            client.list_queues()
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        # Nothing makes up credentials for another service, either.
        session = boto3.Session(region_name="us-east-1")
        assert session.client("sqs")._request_signer._credentials is None


def test_an_error_is_one_of_the_clients_exceptions() -> None:
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions")
        with pytest.raises(client.exceptions.StateMachineDoesNotExist) as caught:
            client.update_state_machine(stateMachineArn=ARN, definition=GOOD)
    answer = caught.value.response
    assert answer["Error"]["Code"] == "StateMachineDoesNotExist"
    assert answer["message"] == f"State Machine Does Not Exist: '{ARN}'"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_an_error_that_the_model_does_not_know_is_a_client_error() -> None:
    class Broken(asl.Api):
        def call(self, action: str, request: Any) -> dict[str, Any]:
            raise asl.ApiError("ThrottlingException", "Rate exceeded", status=400)

    with asl.mock_stepfunctions(Broken()):
        client = boto3.client("stepfunctions")
        with pytest.raises(ClientError, match="ThrottlingException"):
            create(client)


def test_a_bug_of_the_server_is_an_error_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(asl.Api):
        def call(self, action: str, request: Any) -> dict[str, Any]:
            raise ZeroDivisionError("ours")

    with asl.mock_stepfunctions(Broken()):
        client = boto3.client("stepfunctions")
        with pytest.raises(ClientError) as caught:
            create(client)
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    assert "ours" not in str(caught.value)
    assert "ZeroDivisionError: ours" in caplog.text


def test_boto3_still_checks_parameters() -> None:
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions")
        with pytest.raises(ParamValidationError):
            client.create_state_machine(name=5)


def test_a_stub_on_a_client_goes_before_the_api() -> None:
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions")
        with Stubber(client) as stub:
            stub.add_client_error("create_state_machine", "Stubbed")
            with pytest.raises(ClientError, match="Stubbed"):
                create(client)


def test_the_innermost_context_answers() -> None:
    outer, inner = asl.Api(account="111111111111"), asl.Api(account="222222222222")
    with asl.mock_stepfunctions(outer):
        client = boto3.client("stepfunctions")
        with asl.mock_stepfunctions(inner):
            assert ":222222222222:" in create(client)
        assert ":111111111111:" in create(client)


def test_contexts_need_not_end_in_order() -> None:
    one, two = asl.Api(account="111111111111"), asl.Api(account="222222222222")
    first, second = asl.mock_stepfunctions(one), asl.mock_stepfunctions(two)
    first.__enter__()
    second.__enter__()
    client = boto3.client("stepfunctions")
    first.__exit__(None, None, None)
    assert ":222222222222:" in create(client)
    second.__exit__(None, None, None)
    with pytest.raises(NETWORK, match="a socket was opened"):
        create(old_client())


def test_nothing_of_botocore_stays_changed() -> None:
    import botocore.client
    import botocore.session

    before = (
        botocore.client.BaseClient._make_api_call,
        botocore.session.Session.create_client,
    )
    with pytest.raises(ZeroDivisionError), asl.mock_stepfunctions():
        raise ZeroDivisionError
    assert before == (
        botocore.client.BaseClient._make_api_call,
        botocore.session.Session.create_client,
    )


def test_what_others_wrapped_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.client

    seen: list[str] = []
    client = old_client()
    with monkeypatch.context() as patch:
        with asl.mock_stepfunctions():
            ours = botocore.client.BaseClient._make_api_call

            def traced(self: Any, operation: str, params: Any) -> Any:
                seen.append(operation)
                return ours(self, operation, params)

            patch.setattr(botocore.client.BaseClient, "_make_api_call", traced)
            create(client)
        assert botocore.client.BaseClient._make_api_call is traced
        with pytest.raises(NETWORK, match="a socket was opened"):
            create(client)
        with asl.mock_stepfunctions():
            assert create(client) == ARN
    assert seen == ["CreateStateMachine"] * 3


def test_as_a_decorator_each_call_has_an_api_of_its_own() -> None:
    @asl.mock_stepfunctions()
    def work(name: str) -> int:
        client = boto3.client("stepfunctions")
        create(client, name)
        machines = client.list_state_machines()["stateMachines"]
        return len(machines)

    assert (work("a"), work("b")) == (1, 1)


def test_a_decorator_without_brackets_is_refused() -> None:
    def work() -> None: ...

    with pytest.raises(asl.UsageError, match="written with brackets"):
        asl.mock_stepfunctions(work).__enter__()  # type: ignore[arg-type]


def test_threads_ask_the_same_api() -> None:
    made: list[str] = []
    with asl.mock_stepfunctions():
        client = boto3.client("stepfunctions")
        threads = [
            threading.Thread(target=lambda n=n: made.append(create(client, f"m{n}")))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = client.list_state_machines()["stateMachines"]
    assert sorted(one["stateMachineArn"] for one in listed) == sorted(made)


def test_without_boto3_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['botocore.client'] = None\n"
        "import asl\n"
        "try:\n"
        "    with asl.mock_stepfunctions(): pass\n"
        "except asl.UsageError as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said == (
        'mock_stepfunctions needs the extra "aws": pip install "aslkit[aws]"\n'
    )


@pytest.mark.full
@pytest.mark.parametrize("outermost", ["moto", "asl"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_motos_mocks_work_beside_it(
    outermost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto = pytest.importorskip("moto", reason="moto is not installed")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def both() -> None:
        client = boto3.client("stepfunctions")
        assert create(client) == ARN
        # moto has no ValidateStateMachineDefinition: it was not moto that answered.
        assert client.validate_state_machine_definition(definition=GOOD) | {
            "ResponseMetadata": None
        } == {"result": "OK", "diagnostics": [], "truncated": False} | {
            "ResponseMetadata": None
        }
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"a": 1}))
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == '{"a": 1}'

    if outermost == "moto":
        with moto.mock_aws(), asl.mock_stepfunctions() as api:
            both()
    else:
        with asl.mock_stepfunctions() as api, moto.mock_aws():
            both()
    assert len(api.call("ListStateMachines", {})["stateMachines"]) == 1
