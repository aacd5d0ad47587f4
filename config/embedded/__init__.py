"""What lets the product run on a bare machine: its own PostgreSQL and Valkey, and the supervisor.

Plain Python without Django: these modules run before settings are loaded, and in processes that
never load them. `services.attach()` is the door for everybody else.
"""
