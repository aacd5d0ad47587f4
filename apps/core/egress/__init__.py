"""The one door for requests made on behalf of a user.

A name is resolved once, every address behind it is checked, and the connection goes to the address that was checked:
there is no moment in which a name could come to mean something else. Redirects pass the same check. Proxies named in
the environment are not used.

Our own code sends by `door`. A library that brings a client of its own is given one that sends by it: `sessions` for
`requests`, `classic` for httpx, `bridge` for asynchronous httpx2.
"""

from __future__ import annotations

from apps.core.egress.door import Answer, HttpDoor, OnBytes, OnHead, Outgoing, Sign, door
from apps.core.egress.errors import CircuitOpen, EgressError, HungUp
from apps.core.egress.policy import Policy
from apps.core.egress.resolving import Resolver, resolve
from apps.core.egress.transport import Line, line, was_cut

__all__ = [
    "Answer",
    "CircuitOpen",
    "EgressError",
    "HttpDoor",
    "HungUp",
    "Line",
    "OnBytes",
    "OnHead",
    "Outgoing",
    "Policy",
    "Resolver",
    "Sign",
    "door",
    "line",
    "resolve",
    "was_cut",
]
