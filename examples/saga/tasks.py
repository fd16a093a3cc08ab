"""A saga: retries for what may pass, compensation for what will not.

The airline is busy twice, so its booking takes three attempts, 2 and 4 virtual seconds
apart. Then there is no car in Lisbon: flight and hotel are cancelled, in this order,
and the execution fails. With another city it succeeds.

    asl run examples/saga/workflow.asl.json --input @examples/saga/input.json \
        --tasks examples/saga/tasks.py
"""

from typing import Any

BUSY_CALLS = 2
CITIES_WITHOUT_CARS = ("Lisbon", "Venice")


class AirlineBusy(Exception):
    """Try again later."""


class NoCarLeft(Exception):
    """Trying again does not help."""


def book_hotel(event: dict[str, Any]) -> dict[str, Any]:
    """Reserve the room."""
    return {"booking": f"hotel-{event['trip']['city']}"}


def book_flight(event: dict[str, Any]) -> dict[str, Any]:
    """Reserve the seat; the definition says which attempt this is."""
    if event["attempt"] < BUSY_CALLS:
        raise AirlineBusy("please try again")
    return {"booking": f"flight-{event['trip']['city']}"}


def book_car(event: dict[str, Any]) -> dict[str, Any]:
    """Reserve the car, where there is one."""
    city = event["trip"]["city"]
    if city in CITIES_WITHOUT_CARS:
        raise NoCarLeft(f"no car in {city}")
    return {"booking": f"car-{city}"}


def cancel(reservation: dict[str, Any]) -> dict[str, Any]:
    """Take a reservation back."""
    return {"cancelled": reservation["booking"]}
