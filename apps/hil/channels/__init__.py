"""How questions reach people outside the inbox, one class per channel, and how answers come back.

An event of `apps.hil.services` is planned in its own transaction (`planning`): rows of `Delivery`, and a message in the
outbox for each. The outbox hands the message to `sending`, which asks the channel's class to deliver, remind or update.
Words that come back are judged by `apps.hil.replies` and answered through the same service as any button (`incoming`).
"""
