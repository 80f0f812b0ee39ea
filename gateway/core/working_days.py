"""French working days: reminders leave on a day on which somebody can be reached.

Public holidays of metropolitan France (Code du travail, art. L. 3133-1); those of Alsace-Moselle
and of the overseas departments are not counted, for Cleiss works in Paris.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER: Final = (1, 39, 50)
"""Days after Easter Sunday: Easter Monday, Ascension Day, Whit Monday."""
_SATURDAY: Final = 5


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leaps, over = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - correction + 15) % 30
    quarter, short = divmod(rest, 4)
    weekday = (32 + 2 * over + 2 * quarter - epact - short) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int) -> frozenset[date]:
    """The public holidays of a year."""
    fixed = (date(year, month, day) for month, day in _FIXED)
    moving = (easter(year) + timedelta(days=days) for days in _AFTER_EASTER)
    return frozenset((*fixed, *moving))


def is_working_day(day: date) -> bool:
    """Monday to Friday, but for public holidays."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def working_days_after(day: date, number: int) -> date:
    """The n-th working day after a day."""
    for _ in range(number):
        day += timedelta(days=1)
        day += timedelta(days=days_to_working_day(day))
    return day


def days_to_working_day(day: date) -> int:
    """How many days on the next working day is; 0 when this is one."""
    days = 0
    while not is_working_day(day + timedelta(days=days)):
        days += 1
    return days
