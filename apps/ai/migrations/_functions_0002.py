"""Functions of the ledger, as its migration creates them.

They lock in one order: the open call, the call, the sums of its day, the uses of budgets by id. So none waits for
another in a circle.
"""

# The budgets a call counts against, each with whose share it is and the day its period begins.
BUDGETS_OF = """
CREATE OR REPLACE FUNCTION ai_budgets_of(workspace uuid, workflow uuid, execution uuid, node text, moment timestamptz)
RETURNS TABLE (budget_id uuid, subject_id uuid, begins date)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT b.id, CASE b.scope WHEN 'execution' THEN execution ELSE b.id END,
           CASE b.period WHEN 'day' THEN (moment AT TIME ZONE 'UTC')::date
                         WHEN 'month' THEN date_trunc('month', moment AT TIME ZONE 'UTC')::date
                         ELSE date '1970-01-01' END
    FROM ai_budget b
    WHERE b.workspace_id = workspace
      AND CASE b.scope WHEN 'workspace' THEN true
                       WHEN 'workflow' THEN b.workflow_id = workflow
                       WHEN 'agent' THEN b.workflow_id = workflow AND b.node_id = node
                       ELSE execution IS NOT NULL AND COALESCE(b.workflow_id = workflow, b.workflow_id IS NULL) END
$$;
"""

# Begins the period of a budget, with what the ledger has of it: the budget may be younger than the period.
USE_OPEN = """
CREATE OR REPLACE FUNCTION ai_budget_use_open(budget uuid, subject uuid, starts date, moment timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    b ai_budget;
    dollars numeric;
    tokens bigint;
BEGIN
    SELECT * INTO STRICT b FROM ai_budget WHERE id = budget;
    IF b.scope = 'execution' THEN
        SELECT COALESCE(sum(c.cost), 0), COALESCE(sum(c.input + c.output), 0) INTO dollars, tokens
        FROM ai_call c WHERE c.execution_id = subject;
    ELSE
        SELECT COALESCE(sum(d.cost), 0), COALESCE(sum(d.input + d.output), 0) INTO dollars, tokens
        FROM ai_usage_day d
        WHERE d.workspace_id = b.workspace_id AND d.day >= starts
          AND (b.workflow_id IS NULL OR d.workflow_id = b.workflow_id) AND (b.node_id = '' OR d.node_id = b.node_id);
    END IF;
    INSERT INTO ai_budget_use (id, workspace_id, budget_id, subject_id, begins, spent, reserved, more,
                               tokens_spent, tokens_reserved, tokens_more, raises, told, opened_at)
    VALUES (gen_random_uuid(), b.workspace_id, b.id, subject, starts, dollars, 0, 0, tokens, 0, 0, '[]', 0, moment)
    ON CONFLICT DO NOTHING;
END $$;
"""

# How far a budget is used up, in the steps people are told of. Single executions are nobody's news.
LEVEL = """
CREATE OR REPLACE FUNCTION ai_budget_level(b ai_budget, u ai_budget_use) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN b.scope = 'execution' THEN 0
                WHEN u.spent >= b.limit_usd + u.more OR u.tokens_spent >= b.limit_tokens + u.tokens_more THEN 100
                WHEN u.spent >= 0.8 * (b.limit_usd + u.more)
                  OR u.tokens_spent >= 0.8 * (b.limit_tokens + u.tokens_more) THEN 80
                ELSE 0 END
$$;
"""

# Sets aside what a call may cost with every budget it counts against, or with none: then it says which one refuses.
CALL_BEGIN = """
CREATE OR REPLACE FUNCTION ai_call_begin(c ai_open_call) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    missing record;
    b ai_budget;
    u ai_budget_use;
    unit text;
    refusal jsonb;
    held uuid[];
BEGIN
    SELECT o.uses INTO held FROM ai_open_call o WHERE o.id = c.id;
    IF FOUND THEN  -- said again, because the answer was not heard
        RETURN jsonb_build_object('uses', to_jsonb(held));
    END IF;
    held := '{}';
    FOR missing IN
        SELECT f.* FROM ai_budgets_of(c.workspace_id, c.workflow_id, c.execution_id, c.node_id, c.at) f
        WHERE NOT EXISTS (SELECT FROM ai_budget_use k WHERE k.budget_id = f.budget_id
                                                        AND k.subject_id = f.subject_id AND k.begins = f.begins)
    LOOP
        PERFORM ai_budget_use_open(missing.budget_id, missing.subject_id, missing.begins, c.at);
    END LOOP;
    FOR u IN
        SELECT k.* FROM ai_budgets_of(c.workspace_id, c.workflow_id, c.execution_id, c.node_id, c.at) f
        JOIN ai_budget_use k ON k.budget_id = f.budget_id AND k.subject_id = f.subject_id AND k.begins = f.begins
        ORDER BY k.id FOR UPDATE OF k
    LOOP
        SELECT * INTO b FROM ai_budget WHERE id = u.budget_id;
        CONTINUE WHEN NOT FOUND;  -- deleted this moment
        unit := CASE WHEN c.most IS NULL AND b.limit_tokens IS NULL THEN 'price'
                     WHEN u.spent + u.reserved + c.most > b.limit_usd + u.more THEN 'usd'
                     WHEN u.tokens_spent + u.tokens_reserved + greatest(c.most_tokens, 1)
                          > b.limit_tokens + u.tokens_more THEN 'tokens' END;
        -- Of several that refuse, one at which nobody can be asked is named first: an answer would not help.
        IF unit IS NOT NULL AND (refusal IS NULL OR (b."then" = 'stop') > (refusal ->> 'then' = 'stop')) THEN
            refusal := jsonb_build_object('refused', unit, 'budget', b.id, 'name', b.name, 'then', b."then",
                                      'scope', b.scope, 'period', b.period, 'use', u.id, 'told', u.told)
                || CASE unit WHEN 'tokens' THEN jsonb_build_object(
                       'limit', b.limit_tokens + u.tokens_more, 'spent', u.tokens_spent, 'reserved', u.tokens_reserved)
                   ELSE jsonb_build_object(
                       'limit', (b.limit_usd + u.more)::text, 'spent', u.spent::text, 'reserved', u.reserved::text) END;
        END IF;
        held := held || u.id;
    END LOOP;
    IF refusal IS NOT NULL THEN
        RETURN refusal;
    END IF;
    UPDATE ai_budget_use k SET reserved = k.reserved + COALESCE(c.most, 0),
                               tokens_reserved = k.tokens_reserved + c.most_tokens
    WHERE k.id = ANY (held);
    c.uses := held;
    INSERT INTO ai_open_call SELECT c.*;
    RETURN jsonb_build_object('uses', to_jsonb(held));
END $$;
"""

# Writes a call down and settles what was set aside for it, once, however often it is said. Gives the uses of budgets
# that people should hear of. One that was taken for lost is put right.
CALL_END = """
CREATE OR REPLACE FUNCTION ai_call_end(c ai_call, uses uuid[], most numeric, most_tokens bigint, counted numeric)
RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    was_lost boolean;
    was_held boolean;
BEGIN
    DELETE FROM ai_open_call o WHERE o.id = c.id;
    was_held := FOUND;
    c.attempt := 1;
    IF c.execution_id IS NOT NULL THEN
        SELECT count(*) + 1 INTO c.attempt FROM ai_call e
        WHERE e.execution_id = c.execution_id AND e.node_id = c.node_id AND e.path = c.path AND e.step = c.step
          AND e.id <> c.id;
    END IF;
    INSERT INTO ai_call AS k SELECT c.*
    ON CONFLICT (id) DO UPDATE
    SET input = EXCLUDED.input, output = EXCLUDED.output, cached = EXCLUDED.cached, written = EXCLUDED.written,
        reasoning = EXCLUDED.reasoning, cost = EXCLUDED.cost, ms = EXCLUDED.ms, outcome = EXCLUDED.outcome
    WHERE k.outcome = 'ai.lost' AND EXCLUDED.outcome <> 'ai.lost'
    RETURNING xmax <> 0 INTO was_lost;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO ai_usage_day AS d (id, workspace_id, day, workflow_id, node_id, purpose, provider, model, is_test,
        calls, failed, unpriced, input, output, cached, written, reasoning, cost, ms)
    VALUES (gen_random_uuid(), c.workspace_id, (c.at AT TIME ZONE 'UTC')::date, c.workflow_id, c.node_id, c.purpose,
        c.provider, c.model, c.is_test, (NOT was_lost)::int, (c.outcome <> 'answered')::int - was_lost::int,
        (c.cost IS NULL)::int - was_lost::int, c.input, c.output, c.cached, c.written, c.reasoning,
        COALESCE(c.cost, 0), c.ms)
    ON CONFLICT (workspace_id, day, workflow_id, node_id, provider, model, purpose, is_test) DO UPDATE
    SET calls = d.calls + EXCLUDED.calls, failed = d.failed + EXCLUDED.failed,
        unpriced = d.unpriced + EXCLUDED.unpriced, input = d.input + EXCLUDED.input,
        output = d.output + EXCLUDED.output, cached = d.cached + EXCLUDED.cached,
        written = d.written + EXCLUDED.written, reasoning = d.reasoning + EXCLUDED.reasoning,
        cost = d.cost + EXCLUDED.cost, ms = d.ms + EXCLUDED.ms;
    IF cardinality(uses) = 0 THEN
        RETURN;
    END IF;
    PERFORM 1 FROM ai_budget_use u WHERE u.id = ANY (uses) ORDER BY u.id FOR UPDATE;
    UPDATE ai_budget_use u
    SET spent = u.spent + counted, tokens_spent = u.tokens_spent + c.input + c.output,
        reserved = u.reserved - CASE WHEN was_held THEN COALESCE(most, 0) ELSE 0 END,
        tokens_reserved = u.tokens_reserved - CASE WHEN was_held THEN most_tokens ELSE 0 END
    WHERE u.id = ANY (uses);
    RETURN QUERY SELECT u.id FROM ai_budget_use u JOIN ai_budget b ON b.id = u.budget_id
                 WHERE u.id = ANY (uses) AND ai_budget_level(b, u) > u.told;
END $$;
"""

# Writes down one call whose process died, and gives back what was set aside for it. Whether there was one.
CALL_LOSE = """
CREATE OR REPLACE FUNCTION ai_call_lose(before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    o ai_open_call;
    c ai_call;
BEGIN
    SELECT * INTO o FROM ai_open_call k WHERE k.at < before ORDER BY k.at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    c := jsonb_populate_record(NULL::ai_call, to_jsonb(o) || '{"outcome": "ai.lost", "input": 0, "output": 0,
        "cached": 0, "written": 0, "reasoning": 0, "ms": 0}');
    PERFORM ai_call_end(c, o.uses, o.most, o.most_tokens, 0);
    RETURN true;
END $$;
"""

# Deletes some calls, and uses of budgets by executions, from before a moment; how many. What they sum up to stays.
CALLS_FORGET = """
CREATE OR REPLACE FUNCTION ai_calls_forget(before timestamptz, first_kept uuid, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    calls int;
    others int;
BEGIN
    DELETE FROM ai_call WHERE id IN (
        SELECT c.id FROM ai_call c WHERE c.id < first_kept ORDER BY c.id LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS calls = ROW_COUNT;
    DELETE FROM ai_budget_use WHERE id IN (
        SELECT u.id FROM ai_budget_use u JOIN ai_budget b ON b.id = u.budget_id
        WHERE u.opened_at < before AND (b.period <> 'total' OR b.scope = 'execution')
        ORDER BY u.opened_at LIMIT most FOR UPDATE OF u SKIP LOCKED);
    GET DIAGNOSTICS others = ROW_COUNT;
    RETURN calls + others;
END $$;
"""

INVOKERS = (BUDGETS_OF, USE_OPEN, LEVEL, CALL_BEGIN, CALL_END)
GRANTS = """
    GRANT EXECUTE ON FUNCTION ai_budgets_of, ai_budget_use_open, ai_budget_level, ai_call_begin, ai_call_end
        TO agentflow_app, agentflow_definer;
"""
DEFINERS = {
    "ai_call_lose(timestamptz)": CALL_LOSE,
    "ai_calls_forget(timestamptz, uuid, int)": CALLS_FORGET,
}
