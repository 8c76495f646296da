"""The real cart services on a virtual clock, with a simulated network, Redis and database, driven by a seed.

loop.py, seams.py          virtual time: an event loop that jumps to its next timer; what else asks for time or chance
network.py                 connections with delays, cuts and resets
redis_server.py, lua.py    a Redis that runs the real cart.lua, and that hangs, crashes, fills up and loses data
database.py                the table of carts
process.py                 a process of the shop, with the composition of shop.cart.connect
world.py                   all of these, and what can happen to them
history.py                 the legal states of a cart
shopper.py                 clicks, and holds each answer to the history
scenario.py, play.py       what a seed decides; plays it
shrink.py, __main__.py     looks for the smallest scenario that still fails; `make simulate`
"""
