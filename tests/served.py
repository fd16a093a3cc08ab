"""asl serve in a process of its own, and its clients: boto3 and the AWS CLI."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

PATIENCE = 30
"""No verdict depends on it: how long a test waits before it fails."""


@contextmanager
def serving(
    *arguments: str,
    stop: int = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A server in a process of its own; gives its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "asl", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        first = process.stdout.readline()
        assert " at http://" in first, first + process.stderr.read()
        yield first.split()[-1], process
        process.send_signal(stop)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def client_of(url: str) -> Any:
    return boto3.client(
        "stepfunctions",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )


class AwsCli:
    """The AWS CLI in an empty home: the one that ASL_AWS_CLI names, or on the path."""

    def __init__(self, home: Path) -> None:
        found = os.environ.get("ASL_AWS_CLI") or shutil.which("aws")
        if found is None:
            pytest.skip("the AWS CLI is not installed")
        self._command = found
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            # As asl serve says: else it would ask for the host sync-127.0.0.1.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def run(self, *arguments: str) -> Any:
        """What `aws stepfunctions …` prints, read as JSON; None where it is silent."""
        done = self._run(arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def refusal(self, *arguments: str) -> str:
        """What it says where the server refuses."""
        done = self._run(arguments)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def _run(self, arguments: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self._command, "stepfunctions", *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=120,
            check=False,
        )
