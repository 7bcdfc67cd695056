"""Offices that nothing in this repository knows: ``test_new_service.py`` brings them into a running city from a folder of its own."""
