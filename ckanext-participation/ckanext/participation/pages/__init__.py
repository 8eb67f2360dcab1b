"""A dataset page that costs less: the same HTML from fewer statements, fewer requests to the search and less rendering.

Promises: a page reads what it shows once; nothing that depends on a reader, a dataset or an organisation outlives its
request; each measure can be turned off by itself (`participation.pages.*`) for a theme or an extension that needs stock's
behaviour. Where another extension has its own say in a function of CKAN, that function is asked as before.

Leaves out: any cache of pages or of what the database holds. Hooks are CKAN's own chains (actions, auth, helpers); no code
of CKAN is replaced. `docs/pages.md` says what each measure does and what it saves.
"""
