import unittest
from datetime import date, timedelta

from worklog.entries import EntryError, parse, parse_line


class ParseTest(unittest.TestCase):
    def test_a_line_has_day_span_project_and_note(self):
        entry = parse_line("2024-03-04 08:30-12:00 website fix the header")
        self.assertEqual(entry.day, date(2024, 3, 4))
        self.assertEqual(entry.duration, timedelta(hours=3, minutes=30))
        self.assertEqual((entry.project, entry.note), ("website", "fix the header"))

    def test_a_span_can_go_past_midnight(self):
        entry = parse_line("2024-03-04 22:00-1:30 support")
        self.assertEqual(entry.duration, timedelta(hours=3, minutes=30))
        self.assertEqual(entry.day, date(2024, 3, 4))

    def test_comments_and_empty_lines_are_skipped(self):
        self.assertEqual(len(parse("# March\n\n2024-03-04 08:30-12:00 website\n")), 1)

    def test_a_bad_line_is_named(self):
        with self.assertRaisesRegex(EntryError, "line 2"):
            parse("2024-03-04 08:30-12:00 website\nyesterday all day\n")
