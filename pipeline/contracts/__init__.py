"""The contracts of plug-ins as checks that run on any plug-in, ours or a user's."""
