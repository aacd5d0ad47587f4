"""What agents remember, in the database. Used by the nodes in `apps.ai.nodes.memory`; the page looks at the rows.

One session is what one kind of memory keeps under one key. What a run adds is added in one transaction that locks the
session, so that runs which end at once stand one after the other, each of them whole, and none is lost. A run that is
remembered a second time changes nothing.
"""
