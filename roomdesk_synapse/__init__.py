"""A wall between the customers of a support desk, inside the homeserver: a module of Synapse. It knows nothing of Roomdesk but who its accounts are."""

from roomdesk_synapse.wall import Wall

__all__ = ["Wall"]
