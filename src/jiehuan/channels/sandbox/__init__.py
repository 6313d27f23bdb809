"""A local stand-in for a payment partner: a foreign company that speaks the real wire.

It imports nothing of this project but its errors, and nothing imports it but the command line.
"""
