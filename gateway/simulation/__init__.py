"""Made-up traffic with the truth beside it: the witness that the gateway is judged by.

It knows nothing of the gateway's core and reads none of its tables. Every expectation stands in a
profile written by hand from public facts (`profiles.csv`, with its source); places, countries,
proportions and the mix of noise are files of its own beside it.
"""

from gateway.simulation.traffic import Summary, year

__all__ = ["Summary", "year"]
