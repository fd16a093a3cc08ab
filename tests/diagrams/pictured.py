"""Machines and runs of them that the tests of pictures share."""

import json
from pathlib import Path
from typing import Any

import asl

GOLD = Path(__file__).parents[1] / "gold" / "diagrams"
EXAMPLES = Path(__file__).parents[2] / "examples"

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"

ORDERS: dict[str, Any] = {
    "StartAt": "Prepare",
    "States": {
        "Prepare": {
            "Type": "Task",
            "Resource": f"{LAMBDA}prepare",
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "StartAt": "Charge",
                "States": {
                    "Charge": {
                        "Type": "Task",
                        "Resource": f"{LAMBDA}charge",
                        "Catch": [{"ErrorEquals": ["Declined"], "Next": "Refuse"}],
                        "Next": "Big?",
                    },
                    "Big?": {
                        "Type": "Choice",
                        "Choices": [
                            {
                                "Variable": "$.n",
                                "NumericGreaterThan": 3,
                                "Next": "Review",
                            }
                        ],
                        "Default": "Fine",
                    },
                    "Review": {"Type": "Wait", "Seconds": 60, "End": True},
                    "Fine": {"Type": "Pass", "End": True},
                    "Refuse": {"Type": "Pass", "End": True},
                },
            },
            "ResultPath": None,
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Slow",
                    "States": {
                        "Slow": {"Type": "Wait", "Seconds": 100, "Next": "After"},
                        "After": {"Type": "Pass", "End": True},
                    },
                },
                {
                    "StartAt": "Quick",
                    "States": {
                        "Quick": {"Type": "Wait", "Seconds": 5, "Next": "Boom"},
                        "Boom": {"Type": "Fail", "Error": "Oops"},
                    },
                },
            ],
            "Catch": [
                {"ErrorEquals": ["Never"], "Next": "Sorry"},
                {"ErrorEquals": ["Oops"], "Next": "Sorry"},
                {"ErrorEquals": ["States.ALL"], "Next": "Worse"},
            ],
            "Next": "Happy",
        },
        "Sorry": {"Type": "Pass", "Next": "Lost"},
        "Lost": {"Type": "Fail", "Error": "Lost"},
        "Worse": {"Type": "Fail"},
        "Happy": {"Type": "Succeed"},
    },
}


def machine(definition: dict[str, Any], name: str = "orders") -> asl.StateMachine:
    """A machine from its definition."""
    return asl.load_text(json.dumps(definition), name=name)


def orders() -> asl.StateMachine:
    """A machine with every kind of way through it."""
    return machine(ORDERS)


def ordered(whole: asl.StateMachine) -> asl.Execution:
    """A run of it: retried, caught in an iteration and outside, aborted, failed."""
    declined = {"Throw": {"Error": "Declined"}}
    mocks = asl.Mocks(
        {
            "Prepare": [
                {"Throw": {"Error": "X"}},
                {"Throw": {"Error": "X"}},
                {"Return": {"items": [0, 1, 2, 3]}},
            ],
            "Charge": [
                {"Return": {"n": 1}},
                {"Return": {"n": 5}},
                declined,
                {"Return": {"n": 7}},
            ],
        }
    )
    return asl.run(whole, {}, tasks=mocks)


def passes(*names: str) -> asl.StateMachine:
    """A chain of Pass states of these names."""
    following = [*names[1:], None]
    states = {
        name: {"Type": "Pass", **({"Next": after} if after else {"End": True})}
        for name, after in zip(names, following, strict=True)
    }
    return machine({"StartAt": names[0], "States": states}, "chain")


HOSTILE = (
    "<b>&amp;\"'",
    "]]></style><script>alert(1)</script>",
    "tab\tand\nline",
    "\x00\x1b[31m\ufffe\ud800",
    "--> <!-- {} ${x} % \\",
    "دفع الفاتورة",
    "日本語の状態名がとても長いときの折り返しを確認するためのテスト",
    "🎉 👩‍👩‍👧‍👦 a\u0301e\u0301",
    "VeryLongCamelCaseStateNameWithoutAnySpacesThatGoesOnAndOnUntilEightyCharsXX",
    "W" * 80,
    "end",
    "start",
)
"""Names that a writer may stumble over."""
