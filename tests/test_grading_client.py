"""The client finds a reply also when nothing told that it came."""

from __future__ import annotations

import asyncio
from queue import Empty

import pytest
from jupyter_client.channels import AsyncZMQSocketChannel

from grading.client import LOOK, Client

Channel = Client.shell_channel_class.klass


@pytest.fixture
def channel(monkeypatch):
    """A channel whose message is seen at the third look, and how long each look took at most."""
    looks = []

    async def get_msg(self, timeout=None):
        looks.append(timeout)
        if len(looks) < 3:
            raise Empty
        return {"msg_type": "execute_reply"}

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", get_msg)
    return Channel.__new__(Channel), looks


def test_a_reply_is_looked_for_again_and_again(channel):
    shell, looks = channel
    assert asyncio.run(shell.get_msg())["msg_type"] == "execute_reply"
    assert looks == [LOOK] * 3


def test_no_reply_in_time_is_none(channel):
    shell, looks = channel
    with pytest.raises(Empty):
        asyncio.run(shell.get_msg(timeout=0))
    assert looks == [0]
