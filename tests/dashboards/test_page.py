"""A page reaches the browser in one piece, and its scripts need not wait for it."""

import pytest
from ipywidgets._version import __control_protocol_version__
from jupyter_client.manager import start_new_kernel

SHOW = """
import os, time
os.environ["VOILA_BASE_URL"] = "/"
import ipywidgets
import murmuration as mm

def build(request):
    time.sleep(0.5)
    global page
    page = ipywidgets.HTML("the page")
    return page

mm.dashboards.show_page(build, None)
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def send(client, kind, content):
    client.shell_channel.send(
        client.session.msg(kind, content, metadata={"version": __control_protocol_version__})
    )


def read_until(client, wanted):
    """Give what the kernel says until it says what is wanted, that included."""
    said = []
    while not (said and wanted(said[-1])):
        said.append(client.get_iopub_msg(timeout=30))
    return said


def is_answer(message):
    return message["content"].get("data", {}).get("method") == "update_states"


def is_update(message):
    return message["content"].get("data", {}).get("method") == "update"


@pytest.mark.parametrize("early", [True, False])
def test_a_page_is_made_after_its_cell_and_given_whole_to_whoever_asks(kernel, early):
    asks = [
        ("comm_open", {"comm_id": "1", "target_name": "jupyter.widget.control", "data": {}}),
        ("comm_msg", {"comm_id": "1", "data": {"method": "request_states"}}),
    ]
    kernel.execute(SHOW)
    said = read_until(kernel, lambda one: one["content"].get("execution_state") == "idle")
    assert "the page" not in str([one["content"] for one in said if one["msg_type"] == "comm_open"])
    [shown] = [one for one in said if one["msg_type"] == "display_data"]
    whole = shown["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    if not early:
        # While this waits, the time of the page comes.
        kernel.execute("time.sleep(0.1)")
        told = read_until(kernel, lambda one: one["content"].get("execution_state") == "idle")
        assert "comm_open" not in [one["msg_type"] for one in told]
    for kind, content in asks:
        send(kernel, kind, content)
    answer = read_until(kernel, is_answer)
    assert "comm_open" not in [one["msg_type"] for one in answer]
    states = answer[-1]["content"]["data"]["states"]
    [child] = states[whole]["state"]["children"]
    made = child.removeprefix("IPY_MODEL_")
    assert states[made]["state"]["value"] == "the page"
    for one in states:
        send(kernel, "comm_msg", {"comm_id": one, "data": {"method": "request_state"}})
        [*_, told] = read_until(kernel, is_update)
        assert told["content"]["comm_id"] == one
    kernel.execute("page.value = 'another'")
    [*_, told] = read_until(kernel, is_update)
    assert (told["content"]["comm_id"], told["content"]["data"]["state"]) == (made, {"value": "another"})  # fmt: skip
