-- Who lives in the database server. Run once by a superuser, in any database.
-- agentflow_owner owns the tables and runs migrations; agentflow_app is what the product runs as,
-- under row-level security; agentflow_definer owns the few functions that look across workspaces.
CREATE ROLE agentflow_definer NOLOGIN;
CREATE ROLE agentflow_owner LOGIN;
CREATE ROLE agentflow_app LOGIN;
GRANT agentflow_definer TO agentflow_owner;
CREATE DATABASE agentflow OWNER agentflow_owner;
