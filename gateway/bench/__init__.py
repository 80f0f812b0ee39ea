"""Measurements: how fast the gateway is, what it takes, and how well it decides.

The command `bench` shows them; a gateway at work loads nothing of this package.

From folder to folder, the real daemon in a process of its own: `daemon` times it, `accuracy` holds
what it decides against the truth of made-up traffic, and `search` the journal that it leaves, many
times over. At a broker: `relay` (side by side with `rivals`; `paced` times single messages),
`backlog` and `soak` (which starts `soak_probe`). Without a daemon: `resolving` and `schemas`.

What they work with: `process` is a program under measurement, `broker` the queues, `seds` the
messages in them; `private_broker` and `private_database` are a RabbitMQ node and a PostgreSQL
cluster of our own, for the tests, too.
"""
