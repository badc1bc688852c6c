"""What every test shares."""

from hypothesis import settings

# A shared machine may stall any example; what is slow is marked, not timed.
settings.register_profile("headrace", deadline=None)
settings.load_profile("headrace")
