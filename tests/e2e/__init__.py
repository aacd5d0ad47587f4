"""The whole product in a real browser: real web server, worker, scheduler, PostgreSQL and Valkey."""
