"""A resolution is look-ups: how many institutions there are changes nothing of the work."""

import sys
from collections import Counter
from dataclasses import replace

from gateway.bench.resolving import _grown, _subjects
from gateway.core.resolution import resolve
from gateway.loading import tables
from ir_directory import InstitutionRepository

OURS = {"gateway", "ir_directory", "routing_tables"}


def work(subjects, release):
    """Which lines are run, and how often: the same on every machine, as no time is."""
    lines = Counter()

    def count(frame, event, _value):
        if event == "line":
            lines[frame.f_code.co_qualname, frame.f_lineno] += 1
        return count

    def enter(frame, _event, _value):  # the collector of garbage calls others when it comes
        return count if frame.f_globals["__name__"].partition(".")[0] in OURS else None

    for subject in subjects:
        resolve(subject, release)  # what is kept of a first time is kept
    before = sys.gettrace()
    sys.settrace(enter)
    try:
        for subject in subjects:
            resolve(subject, release)
    finally:
        sys.settrace(before)
    return lines


def test_a_resolution_does_not_depend_on_the_number_of_institutions():
    release = tables()
    known = release.directory
    directory = InstitutionRepository(
        known.institutions, known.competences, known.catchments, known.communes, known.partners
    )
    small = replace(release, directory=directory)
    large = replace(release, directory=_grown(directory))
    assert len(large.directory.institutions) > 50 * len(known.institutions)
    subjects = _subjects(small)[:300]
    done = work(subjects, small)
    assert done.total() > 300 * 50
    assert work(subjects, large) == done
