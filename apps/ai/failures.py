"""What the codes of models, agents, their tools and memories mean, for the page of error codes.

Those of the ledger stand beside the words it makes of them, in `ledger/failures.py`.
"""

from __future__ import annotations

from apps.core.error_codes import ErrorCode, declare

declare(  # models
    ErrorCode(
        "ai.no_credential",
        None,
        "No provider of models is connected, or none that was asked for.",
        "Connect one under Settings, Models.",
    ),
    ErrorCode(
        "ai.no_model",
        None,
        "An agent names no model, and the workspace has no default one.",
        "Choose a model in the node, or a default under Settings, Models.",
    ),
    ErrorCode(
        "ai.model_unknown",
        None,
        "The provider does not know the model, or the model cannot do what is asked.",
        "Choose another model.",
    ),
    ErrorCode(
        "ai.refused_key",
        None,
        "The provider does not accept the key.",
        "Check the credential under Settings, Models.",
    ),
    ErrorCode(
        "ai.rate_limited",
        None,
        "The provider takes no more requests: too many at once, or the account has no credit there.",
        "Try again later, add credit, or name a fallback model.",
    ),
    ErrorCode(
        "ai.overloaded",
        None,
        "The provider is out of order, or failed so often that it is left alone for a while.",
        "Try again later, or name a fallback model.",
    ),
    ErrorCode(
        "ai.no_answer",
        None,
        "The provider was not reached, or gave no answer in time.",
        "Try again later, or name a fallback model.",
    ),
    ErrorCode(
        "ai.answer_unreadable",
        None,
        "What the provider answered cannot be read.",
        "Check the address of the endpoint, or try again.",
    ),
    ErrorCode(
        "ai.bad_request",
        None,
        "The provider, or the model, does not take what it was sent.",
        "Check what is asked, the files that go with it, and the model's settings.",
    ),
    ErrorCode(
        "ai.too_long",
        None,
        "What was sent is more than the model can read.",
        "Send less, or choose a model that reads more.",
    ),
)
declare(  # agents
    ErrorCode(
        "ai.no_prompt",
        None,
        "An agent was asked nothing.",
        "Write a prompt, or give it some input.",
    ),
    ErrorCode(
        "ai.limit_turns",
        None,
        "An agent had no answer within its turns.",
        "Allow more turns, or make the task smaller.",
    ),
    ErrorCode(
        "ai.limit_seconds",
        None,
        "An agent had no answer within its seconds of work.",
        "Allow more seconds, or make the task smaller. Waiting for people does not count.",
    ),
    ErrorCode(
        "ai.limit_tokens",
        None,
        "An agent had no answer within its tokens.",
        "Allow more tokens, give it less to read, or make the task smaller.",
    ),
    ErrorCode(
        "ai.limit_money",
        None,
        "An agent had no answer within its money.",
        "Allow more money, take a cheaper model, or make the task smaller.",
    ),
    ErrorCode(
        "ai.going_in_circles",
        None,
        "An agent went on calling a tool with the same arguments, also after it was told not to.",
        "Say in its prompt what to do with the result, or give it a tool that does what is missing.",
    ),
    ErrorCode(
        "ai.refused",
        None,
        "The model declined to answer.",
        "Change the prompt, or take another model.",
    ),
    ErrorCode(
        "ai.answer_cut",
        None,
        "An answer was cut off at the most tokens it may have, so it cannot be used.",
        "Raise max_tokens, or ask for less.",
    ),
    ErrorCode(
        "ai.answer_empty",
        None,
        "A model gave no answer, also after it was asked again.",
        "Change the prompt.",
    ),
    ErrorCode(
        "ai.answer_unfit",
        None,
        "An answer does not keep to the schema, also after it was corrected.",
        "Make the schema simpler, describe its fields, or take another model.",
    ),
)
declare(  # what an agent calls
    ErrorCode(
        "ai.tool_unknown",
        None,
        "A model called a tool that it does not have.",
        "The model is told which there are, and goes on.",
    ),
    ErrorCode(
        "ai.arguments_unreadable",
        None,
        "A model called a tool with arguments that are no JSON object.",
        "The model is told, and goes on.",
    ),
    ErrorCode(
        "ai.arguments_unfit",
        None,
        "The arguments of a call do not fit what its tool takes.",
        "A model is told and corrects them; a person who changes them keeps to the fields of the form.",
    ),
    ErrorCode(
        "ai.repeated_call",
        None,
        "A model called a tool with the same arguments again and again.",
        "The model is told, and goes on.",
    ),
    ErrorCode(
        "ai.call_refused",
        None,
        "A person refused a call of a tool, or nobody could allow it.",
        "The model is told, and goes on without it.",
    ),
    ErrorCode(
        "ai.nobody_answered",
        None,
        "A model asked a person, and nobody answered in time.",
        "Give people more time, or let the agent go on without the answer.",
    ),
    ErrorCode(
        "ai.tool_unknown_node",
        None,
        "A tool is made of an action that there is not.",
        "Choose another action.",
    ),
    ErrorCode(
        "ai.tool_unfit",
        None,
        "An action cannot be used as a tool, or what the model fills in does not fit into it.",
        "Choose another action, or correct “Goes into”.",
    ),
    ErrorCode(
        "ai.tool_unsafe",
        None,
        "A tool would let the model choose a credential, where one is sent, or an expression.",
        "Write that yourself, and let the model fill in something else.",
    ),
    ErrorCode(
        "ai.tool_does_more",
        None,
        "With these arguments a tool would change something, which it was not offered for.",
        "The model is told to fill it in another way.",
    ),
)
declare(  # servers of tools
    ErrorCode(
        "ai.mcp_refused",
        None,
        "An MCP server answered with a status that refuses.",
        "Check its address, and the credential of the tool.",
    ),
    ErrorCode("ai.mcp_error", None, "An MCP server refused what it was asked.", "Its own words stand in the message."),
    ErrorCode(
        "ai.mcp_timeout",
        None,
        "An MCP server did not answer in time.",
        "Raise the time limit of the tool if it is slow.",
    ),
    ErrorCode(
        "ai.mcp_unreadable",
        None,
        "A server answered with something that is not MCP.",
        "Check that the address is that of an MCP server with streamable HTTP.",
    ),
    ErrorCode(
        "ai.mcp_tool_changed",
        None,
        "A tool is not what was offered when the run began, and was not called.",
        "Look at what the server says of it now; if that is right, start the run again.",
    ),
    ErrorCode(
        "ai.mcp_tool_missing",
        None,
        "A tool is not offered by its server any more.",
        "Correct the names in “Only these tools”, or start the run again.",
    ),
    ErrorCode("ai.mcp_tool_failed", None, "A tool of an MCP server failed.", "Its own words stand in the message."),
)
declare(  # memories
    ErrorCode(
        "ai.memory_away",
        None,
        "What an agent remembers could not be reached in the database.",
        "It is tried again; what is remembered is remembered once.",
    ),
    ErrorCode(
        "ai.memory_key",
        None,
        "The session of a memory, or the name of a note, is no text on one line.",
        "Use an id, a name or an address.",
    ),
    ErrorCode(
        "ai.memories_full",
        None,
        "The workspace has as many memories as it may have.",
        "Clear those nobody needs under Settings, Memories, or let them be forgotten sooner.",
    ),
    ErrorCode(
        "ai.memory_unreadable",
        None,
        "A model named no facts that can be read, not the second time either.",
        "Choose a default model that can answer in JSON, under Settings, Models.",
    ),
)
