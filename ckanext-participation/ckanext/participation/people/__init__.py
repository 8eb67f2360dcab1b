"""Accounts of the public: signing up with a confirmed address, signing in, a forgotten password, the profile, closing an account.

What this room promises: an account speaks only after its address was confirmed by whoever chose its password; no answer, mail apart,
tells whether an address or a name is known; a link works once and for a while, and is nowhere stored; whoever closes an account leaves
texts behind and no name. What it leaves out: which name others see and who speaks for an organisation (`common.people`), and single
sign-on (CKAN's `IAuthenticator`). Neighbours: `common`; what a person wrote comes to the profile as panels of the page "person".
"""
