"""The one door of vendors: `POST /integrations/<vendor>/events`.

A vendor's folder says how a delivery proves itself and which account it is of (`inbound.py`, one class). A proven
delivery is stored, once, and told as the event `vendor.delivered`, in one transaction; higher apps subscribe.
"""

from __future__ import annotations

from apps.integrations.inbound.answering import Quick, answer_with
from apps.integrations.inbound.declare import DELIVERED, Given, InboundVendor, Incoming, Reply

__all__ = ["DELIVERED", "Given", "InboundVendor", "Incoming", "Quick", "Reply", "answer_with"]
