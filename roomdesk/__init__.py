"""Roomdesk: a support desk that lives in Matrix rooms."""
