"""A queue full of one visitor's events stops nobody else's page (issue 19, section 0, point 5).

200 queue joins, and the page itself answered 503.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.server.started import Started, started
from ui.endpoints.build import FOR_PROGRAMS
from ui.hosting import MAX_EVENTS_OF_A_VISITOR, MAX_EVENTS_OF_GUESTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("held")
    with started(folder, "-m", "tests.ui.server.held_app") as app:
        yield app


def test_200_joins_leave_the_page_to_others(running) -> None:
    codes = [running.join("work_on", f"invented {n}").status_code for n in range(200)]
    assert codes == [200] * MAX_EVENTS_OF_GUESTS + [503] * (200 - MAX_EVENTS_OF_GUESTS)
    refused = running.join("work_on", "one more")
    assert "more at once than this page can answer" in refused.json()["detail"]
    assert running.client.get("/").status_code == 200
    # A page that loads now is drawn, while all that was taken still waits.
    assert running.join("hero", "a new page").status_code == 200
    assert "Rinkside" in running.answer("a new page")
    with running.page("anna"):
        assert running.join("work_on", "anna").status_code == 200


def test_an_open_page_may_ask_for_more_but_not_for_all(running) -> None:
    with running.page("boris"):
        count = MAX_EVENTS_OF_A_VISITOR + 10
        codes = [running.join("work_on", "boris").status_code for _ in range(count)]
        assert codes == [200] * MAX_EVENTS_OF_A_VISITOR + [503] * 10
        assert running.join("hero", "another page").status_code == 200


def test_no_event_goes_past_the_queue(running) -> None:
    asked = {"data": [], "fn_index": running.event("work_on")["id"], "session_hash": "x"}
    answer = running.client.post("/gradio_api/run/predict", json=asked)
    assert (answer.status_code, "join the queue" in answer.text) == (404, True)


def test_programs_are_offered_what_is_for_them(running) -> None:
    told = running.client.get("/gradio_api/info").json()
    assert tuple(told["named_endpoints"]) == tuple(f"/{name}" for name in FOR_PROGRAMS)
    assert told["unnamed_endpoints"] == {}
