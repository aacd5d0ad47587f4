"""To be seen from outside: which request a line of the log belongs to, figures for Prometheus, spans for OpenTelemetry.

Nothing here changes what the product does, and nothing here can fail a request or an execution.
"""
