"""What a site and its organisations decide and remember about licences.

Promises: when the licence of a dataset changes, is dropped or allows less, the old terms stay readable with their dates, the
organisation is asked to say why, and those who follow the dataset are told (`changes`); an organisation's staff is offered only the
licences that its policy allows, and what a harvest brings besides is let in, flagged and counted (`policies`).

Leaves out: what a licence means and which one was meant (room `licences`, which works without tables). Neighbours: `common`,
`licences`. Tables are the plugin `participation`'s, as everywhere.
"""
