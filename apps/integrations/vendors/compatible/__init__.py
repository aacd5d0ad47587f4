"""Whatever speaks the language of OpenAI: vLLM, LM Studio, LocalAI, proxies, other providers."""
