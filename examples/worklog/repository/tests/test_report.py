import unittest

from worklog.entries import parse
from worklog.report import group, render, select

HOURS = """\
2024-03-04 08:30-12:00 website   fix the header
2024-03-04 13:00-17:15 migration copy the old tables
2024-03-05 08:00-17:00 migration rehearse
2024-03-06 09:00-13:00 website   release
2024-03-06 13:30-17:45 support   tickets
2024-03-08 08:00-14:30 migration dry run
2024-03-10 15:00-21:00 migration the real thing
2024-03-12 09:00-10:00 website   next week
"""


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.entries = parse(HOURS)

    def lines(self, by="project", exact=False, **options):
        return render(group(select(self.entries, **options), by), by.capitalize(), exact).splitlines()

    def test_a_report_has_a_line_for_each_day(self):
        lines = self.lines(by="day", week="2024-W10")
        self.assertEqual(lines[2].split(), ["2024-03-04", "7:45"])
        self.assertEqual(lines[3].split(), ["2024-03-05", "9:00"])

    def test_other_weeks_are_left_out(self):
        self.assertIn(["website", "7:30"], [line.split() for line in self.lines(week="2024-W10")])

    def test_a_project_of_more_than_a_day_is_added_up(self):
        self.assertIn(["migration", "25:45"], [line.split() for line in self.lines(week="2024-W10")])

    def test_the_total_of_a_week_is_the_sum_of_its_projects(self):
        self.assertEqual(self.lines(week="2024-W10")[-1].split(), ["Total", "37:30"])

    def test_the_total_with_decimals_is_what_an_invoice_needs(self):
        self.assertEqual(self.lines(week="2024-W10", exact=True)[-1].split(), ["Total", "37.50"])

    def test_days_with_decimals(self):
        lines = self.lines(by="day", week="2024-W10", exact=True)
        self.assertEqual(lines[2].split(), ["2024-03-04", "7.75"])
        self.assertEqual(lines[3].split(), ["2024-03-05", "9.00"])

    def test_only_one_project(self):
        lines = self.lines(week="2024-W10", project="support")
        self.assertEqual(lines[-1].split(), ["Total", "4:15"])

    def test_columns_are_aligned(self):
        self.assertEqual({len(line) for line in self.lines(week="2024-W10", by="day")}, {25})
