import unittest
from datetime import timedelta

from worklog.durations import clock, decimal, round_up, total


class DurationTest(unittest.TestCase):
    def test_spans_are_rounded_up_to_quarters(self):
        self.assertEqual(round_up(timedelta(minutes=1)), timedelta(minutes=15))
        self.assertEqual(round_up(timedelta(minutes=30)), timedelta(minutes=30))

    def test_spans_add_up(self):
        self.assertEqual(total([timedelta(hours=20), timedelta(hours=8)]), timedelta(hours=28))

    def test_a_span_is_written_as_hours_and_minutes(self):
        self.assertEqual(clock(timedelta(hours=7, minutes=30)), "7:30")
        self.assertEqual(clock(timedelta(minutes=5)), "0:05")

    def test_a_span_is_written_with_decimals(self):
        self.assertEqual(decimal(timedelta(hours=8)), "8.00")
