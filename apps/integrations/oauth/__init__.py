"""OAuth 2: a person connects an account, and the product keeps its tokens fresh.

What differs between providers is a declaration (`declare.Provider`) that a credential type gives; the flow is here.
"""
