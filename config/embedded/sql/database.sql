-- What only a superuser can put into the database `agentflow`, and who may use its schema.
CREATE EXTENSION IF NOT EXISTS vector;
GRANT USAGE, CREATE ON SCHEMA public TO agentflow_owner;
GRANT USAGE, CREATE ON SCHEMA public TO agentflow_definer;
GRANT USAGE ON SCHEMA public TO agentflow_app;
