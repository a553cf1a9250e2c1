import unittest
from datetime import date

from worklog.weeks import bounds, in_week, week_of


class WeekTest(unittest.TestCase):
    def test_a_week_begins_on_monday(self):
        self.assertEqual(bounds("2024-W10"), (date(2024, 3, 4), date(2024, 3, 10)))

    def test_sunday_belongs_to_the_week(self):
        self.assertTrue(in_week(date(2024, 3, 10), "2024-W10"))
        self.assertFalse(in_week(date(2024, 3, 11), "2024-W10"))

    def test_the_first_days_of_january_can_belong_to_the_old_year(self):
        self.assertEqual(week_of(date(2023, 1, 1)), "2022-W52")

    def test_a_bad_name_is_an_error(self):
        with self.assertRaises(ValueError):
            bounds("March")
