"""Pages and files of the harvesting room: a module for each."""
