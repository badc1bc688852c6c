"""The contracts of plug-ins of training as checks that run on any plug-in, ours or a user's."""
