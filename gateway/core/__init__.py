"""The heart: pure. No I/O, no await, no clock, no log, no sentences. Values in, a value out.

Read `message`, `reading`, `evidence`, `resolution`, `decision` in this order: the values. Then
`judging`, where a message is judged: `matter` (what lies on the table), `deciding` (the order of
the questions), `case_evidence` (what all documents of a case say together), `consequences` and
`composing` (what follows, and the bytes of it).
"""
