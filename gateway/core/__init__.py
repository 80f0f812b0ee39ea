"""The heart: pure. No I/O, no await, no clock, no log, no sentences. Values in, a value out.

Read `message`, `reading`, `evidence`, `resolution`, `decision`, `composing` in this order;
`judging` calls them.
"""
