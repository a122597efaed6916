"""What a process of Roomdesk stands on: settings, clock, logging, outgoing HTTP, embedded services and their supervisor.

Imports nothing else of Roomdesk and no Django.
"""
