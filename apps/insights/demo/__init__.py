"""The demo workspace: three workflows that need no key, and the small systems they talk to. Local shape only."""
