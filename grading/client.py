"""Jupyter's kernel manager and client, as running notebooks without a person needs them."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from queue import Empty
from typing import Any

from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type, default

LOOK = 0.2  # seconds from one look for a reply to the next


class _Channel(AsyncZMQSocketChannel):
    # To be awaited, as in the class above, which is derived from one that waits.
    async def get_msg(  # type: ignore[override]
        self, timeout: float | None = None
    ) -> dict[str, Any]:
        """The next message. Raises queue.Empty when none came in `timeout` seconds.

        nbclient answers widgets on the channel on which it waits for a cell's reply, and sending
        can take away the only sign that the reply has come: without another look, a notebook with
        widgets waits for ever now and then.
        """
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            rest = deadline - time.monotonic()
            try:
                return await super().get_msg(timeout=max(0, min(LOOK, rest)))
            except Empty:
                if rest <= LOOK:
                    raise


class Client(AsyncKernelClient):
    """Loses no reply, and is ready as soon as the kernel is heard."""

    shell_channel_class = Type(_Channel)

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = True,
        control: bool = True,
    ) -> None:
        """All but the heartbeat: the manager knows when the kernel ends."""
        super().start_channels(shell, iopub, stdin, hb=False, control=control)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel is heard: what it shows from then on comes, too.

        Jupyter's own method goes on to listen until nothing came for 0.2 s, in each submission.
        Raises RuntimeError when the kernel dies or `timeout` (seconds) is over.
        """
        deadline = time.monotonic() + (timeout or math.inf)
        while time.monotonic() < deadline and await self.is_alive():
            self.kernel_info()
            with suppress(Empty):
                await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)
                return
        raise RuntimeError("the kernel did not answer")


class Manager(AsyncKernelManager):
    """Gives such clients; their sockets are of the manager's context, with its settings."""

    @default("client_factory")
    def _client_factory_default(self) -> type[Client]:
        return Client

    def client(self, **options: Any) -> Any:  # a Client; Jupyter declares one that waits
        """A client of the kernel."""
        return super().client(context=self.context, **options)
