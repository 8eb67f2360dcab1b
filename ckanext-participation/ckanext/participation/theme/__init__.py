"""The catalogue's own look: header, footer, home, search and dataset layout on CKAN's classic templates.

Promises: server-rendered, one small stylesheet on Bootstrap's variables, the same page without JavaScript, at 320 px and in
print. Leaves out every decision: it asks helpers of other rooms for what it shows, and a site may leave this plugin out.
"""
