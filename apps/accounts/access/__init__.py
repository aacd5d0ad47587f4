"""Who is asking, in which workspace, and what they may do there. A public door of this app, like its services.

`permissions` holds the tables, `actor` the one who acts, `resolve` finds both for any request, `api` and `pages` are
the base classes of everything that answers for a workspace.
"""
